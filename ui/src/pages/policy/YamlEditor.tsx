import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { EditorState, type Text } from '@codemirror/state';
import { EditorView, hoverTooltip, keymap, lineNumbers, type Tooltip } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef } from 'react';
import type { Finding } from '../../api/govern';
import { readSchema, schemaAt, takes } from './schema';
import { placeAt } from './yaml';
import css from './Editor.module.css';

const look = EditorView.theme({
  '&': { fontSize: '0.8125rem', backgroundColor: 'transparent', color: 'var(--ink)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.375rem', minHeight: '20rem' },
  '.cm-content': { fontVariantLigatures: 'none', padding: '0.5rem 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 0.75rem' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--ink2)', border: '0' },
  '.cm-gutter-lint': { width: '1.25rem' },
  '&.cm-focused': { outline: 'none' },
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
    maxWidth: 'min(28rem, 90vw)',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '0.8125rem', maxHeight: '18rem' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '0.25rem 0.625rem' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent-tint)', color: 'var(--ink)' },
  '.cm-completionDetail': { color: 'var(--ink2)', fontStyle: 'normal', paddingLeft: '1rem' },
  '.cm-completionInfo': { padding: '0.5rem 0.75rem', maxWidth: '24rem', fontFamily: 'var(--font)' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '700' },
  '.cm-diagnostic': { padding: '0.375rem 0.625rem', fontFamily: 'var(--font)' },
  '.cm-diagnostic-error': { borderLeft: '4px solid var(--red)' },
  '.cm-diagnostic-warning': { borderLeft: '4px solid var(--yellow-line)' },
});

const colours = HighlightStyle.define([
  { tag: tags.definition(tags.propertyName), color: 'var(--accent)' },
  { tag: tags.propertyName, color: 'var(--accent)' },
  { tag: tags.string, color: 'var(--series4)' },
  { tag: tags.content, color: 'var(--ink)' },
  { tag: tags.comment, color: 'var(--ink3)', fontStyle: 'italic' },
  { tag: tags.separator, color: 'var(--ink2)' },
  { tag: tags.punctuation, color: 'var(--ink2)' },
  { tag: tags.invalid, color: 'var(--red)' },
]);

function complete(schema: unknown, ctx: CompletionContext): CompletionResult | null {
  const text = ctx.state.doc.toString();
  const place = placeAt(text, ctx.pos);
  const word = ctx.matchBefore(/[\w.%-]*/);
  const from = word?.from ?? ctx.pos;
  if (!ctx.explicit && from === ctx.pos) return null;
  const at = schemaAt(schema, place.path);
  if (!at) return null;
  if (place.wants === 'value') {
    const options = [...new Set([...at.words, ...at.examples])];
    if (options.length === 0) return null;
    return {
      from,
      options: options.map((label) => ({
        label,
        type: at.words.includes(label) ? 'enum' : 'text',
        detail: at.words.includes(label) ? '' : 'example',
        info: at.description,
      })),
    };
  }
  return {
    from,
    options: Object.entries(at.properties)
      .filter(([k]) => !place.beside.includes(k))
      .map(([label, raw]) => {
        const s = readSchema(raw);
        return {
          label,
          type: 'property',
          detail: takes(s).slice(0, 40),
          info: s.description,
          apply: `${label}: `,
          boost: at.required.includes(label) ? 10 : 0,
        };
      }),
  };
}

function hover(schema: unknown, view: EditorView, pos: number): Tooltip | null {
  const text = view.state.doc.toString();
  const line = view.state.doc.lineAt(pos);
  for (const m of line.text.matchAll(/([\w.-]+)(?=\s*:(\s|$))/g)) {
    const from = line.from + m.index;
    const to = from + m[0].length;
    if (pos < from || pos > to) continue;
    const at = schemaAt(schema, [...placeAt(text, from + 1).path, m[0]]);
    if (!at || at.description === '') return null;
    return {
      pos: from,
      end: to,
      above: true,
      create: () => {
        const dom = document.createElement('div');
        dom.className = css.hover ?? '';
        const what = dom.appendChild(document.createElement('p'));
        what.textContent = at.description;
        const like = takes(at);
        if (like !== '') {
          const code = dom.appendChild(document.createElement('code'));
          code.textContent = `${m[0]}: ${like}`;
        }
        return { dom };
      },
    };
  }
  return null;
}

/** Where a finding stands: from its column to the end of the value there. */
export function rangeOf(doc: Text, f: Finding): { from: number; to: number } {
  const line = doc.line(Math.min(Math.max(1, f.line), doc.lines));
  const from = Math.min(line.to, line.from + Math.max(0, f.column - 1));
  const rest = line.text.slice(from - line.from);
  const length = /^("[^"]*"|'[^']*'|[^\s,}\]]+)/.exec(rest)?.[0].length ?? 0;
  if (length > 0) return { from, to: from + length };
  return { from: line.from, to: line.to };
}

type Props = {
  value: string;
  label: string;
  schema: unknown;
  findings: readonly Finding[];
  /** Where the caret is wanted; a new object moves it there. */
  goto: { line: number; column: number } | null;
  onChange: (v: string) => void;
  onSubmit: () => void;
};

/** A YAML editor that knows the keys of the kind and marks what the server found. Tab leaves it, as any field. */
export function YamlEditor(props: Props) {
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
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          EditorView.cspNonce.of(nonce),
          lineNumbers(),
          lintGutter(),
          history(),
          yaml(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ override: [(ctx) => complete(latest.current.schema, ctx)], icons: false }),
          hoverTooltip((v, pos) => hover(latest.current.schema, v, pos)),
          syntaxHighlighting(colours),
          look,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ 'aria-label': latest.current.label, spellcheck: 'false' }),
          keymap.of([
            {
              key: 'Mod-Enter',
              run: () => {
                latest.current.onSubmit();
                return true;
              },
            },
            ...closeBracketsKeymap,
            ...completionKeymap,
            ...defaultKeymap,
            ...historyKeymap,
            ...lintKeymap,
          ]),
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
    const old = v.state.doc.toString();
    const now = props.value;
    // What was told comes back a moment later, when more may have been typed: it takes nothing back.
    const i = old === now ? -1 : told.current.indexOf(now);
    told.current = i < 0 ? [] : told.current.slice(i + 1);
    if (i >= 0 || old === now) return;
    // Only what differs is exchanged, so that the caret and the way back stay.
    let a = 0;
    while (a < old.length && a < now.length && old[a] === now[a]) a++;
    let z = 0;
    while (z < old.length - a && z < now.length - a && old[old.length - 1 - z] === now[now.length - 1 - z]) z++;
    v.dispatch({ changes: { from: a, to: old.length - z, insert: now.slice(a, now.length - z) } });
    told.current = [];
  }, [props.value]);

  useEffect(() => {
    const v = view.current;
    if (!v) return;
    const marks: Diagnostic[] = props.findings.map((f) => ({
      ...rangeOf(v.state.doc, f),
      severity: f.severity === 'error' ? 'error' : 'warning',
      message: f.message,
    }));
    v.dispatch(setDiagnostics(v.state, marks));
  }, [props.findings]);

  useEffect(() => {
    const v = view.current;
    if (!v || !props.goto) return;
    const { from } = rangeOf(v.state.doc, { ...props.goto, file: '', key: '', message: '', severity: 'error' });
    v.dispatch({ selection: { anchor: from }, scrollIntoView: true });
    v.focus();
  }, [props.goto]);

  return <div ref={host} className={css.editor} />;
}
