import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { Compartment, EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, placeholder } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { PromQLExtension } from '@prometheus-io/codemirror-promql';
import { useEffect, useRef } from 'react';
import css from './Editor.module.css';

const look = EditorView.theme({
  '&': { fontSize: '0.8125rem', backgroundColor: 'transparent', color: 'var(--ink)' },
  '.cm-content': {
    fontFamily: 'var(--mono)',
    fontVariantLigatures: 'none',
    padding: '0.4375rem 0',
    caretColor: 'var(--ink)',
  },
  '.cm-line': { padding: '0 0.625rem' },
  '&.cm-focused': { outline: 'none' },
  '.cm-placeholder': { color: 'var(--ink3)' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground, ::selection': {
    backgroundColor: 'var(--accent-tint)',
  },
  '.cm-matchingBracket': { backgroundColor: 'var(--accent-tint)', outline: '1px solid var(--accent)' },
  '.cm-tooltip': {
    backgroundColor: 'var(--surface)',
    border: '1px solid var(--control)',
    borderRadius: '6px',
    color: 'var(--ink)',
    overflow: 'hidden',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '0.8125rem', maxHeight: '18rem' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '0.25rem 0.625rem' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent-tint)', color: 'var(--ink)' },
  '.cm-completionDetail': { color: 'var(--ink2)', fontStyle: 'normal', float: 'right', paddingLeft: '1rem' },
  '.cm-completionInfo': { padding: '0.5rem 0.75rem', maxWidth: '24rem', fontFamily: 'var(--font)' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-diagnostic': { padding: '0.375rem 0.625rem', fontFamily: 'var(--font)' },
  '.cm-diagnostic-error': { borderLeft: '4px solid var(--red)' },
});

const colours = HighlightStyle.define([
  { tag: tags.name, color: 'var(--ink)' },
  { tag: tags.number, color: 'var(--series3)' },
  { tag: tags.string, color: 'var(--series4)' },
  { tag: tags.keyword, color: 'var(--accent)', fontWeight: '600' },
  { tag: tags.modifier, color: 'var(--accent)' },
  { tag: tags.function(tags.variableName), color: 'var(--accent)' },
  { tag: tags.labelName, color: 'var(--series2)' },
  { tag: tags.operator, color: 'var(--ink2)' },
  { tag: tags.comment, color: 'var(--ink3)' },
  { tag: tags.invalid, color: 'var(--red)', textDecoration: 'underline' },
]);

type Props = { value: string; label: string; onChange: (v: string) => void; onRun: () => void };

/** A PromQL editor that completes metrics, labels and values from our own store and marks mistakes as they are typed. */
export function Editor(props: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  const told = useRef<string[]>([]); // what onChange was told and has not come back as the value
  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    if (!host.current) return;
    const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
    const promql = new PromQLExtension()
      .activateLinter(true)
      .setComplete({ remote: { url: '', httpMethod: 'GET', cache: { maxAge: 60_000 } }, maxMetricsMetadata: 5000 });
    const attributes = new Compartment();
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          EditorView.cspNonce.of(nonce),
          history(),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          syntaxHighlighting(colours),
          look,
          EditorView.lineWrapping,
          placeholder('A metric or a PromQL expression; Ctrl Space completes, Enter runs'),
          promql.asExtension(),
          attributes.of(EditorView.contentAttributes.of({ 'aria-label': latest.current.label, spellcheck: 'false' })),
          Prec.highest(
            keymap.of([
              {
                key: 'Mod-Enter',
                run: () => {
                  latest.current.onRun();
                  return true;
                },
              },
            ]),
          ),
          Prec.high(
            keymap.of([
              {
                key: 'Enter',
                run: () => {
                  latest.current.onRun();
                  return true;
                },
                shift: () => false,
              },
            ]),
          ),
          // Tab leaves the editor, as in any field; completion is chosen with Enter.
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
          EditorView.updateListener.of((u) => {
            if (!u.docChanged) return;
            const text = u.state.doc.toString();
            told.current.push(text);
            latest.current.onChange(text);
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, []);

  useEffect(() => {
    const v = view.current;
    if (!v) return;
    const same = v.state.doc.toString() === props.value;
    // What was told comes back a moment later, when more may have been typed: it takes nothing back.
    const i = same ? -1 : told.current.indexOf(props.value);
    told.current = i < 0 ? [] : told.current.slice(i + 1);
    if (same || i >= 0) return;
    v.dispatch({ changes: { from: 0, to: v.state.doc.length, insert: props.value } });
    told.current = [];
  }, [props.value]);

  return <div ref={host} className={css.editor} />;
}
