import { Button, Textarea } from '../../components/kit';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useBlocker } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { boardCheckQuery, boardTextQuery, type Proposed, type UserBoard } from '../../api/boards';
import { meQuery } from '../../api/status';
import { Icon } from '../../components/Icon';
import { Failure, Loading } from '../../components/States';
import { Confirm } from '../people/Confirm';
import css from './Boards.module.css';
import { Panel } from './Panel';
import { kinds, PanelFields } from './PanelFields';
import { previewOf } from './preview';
import { ProposedNote, ProposeDialog } from './ProposeDialog';
import { join, readPanel, split, starter, writePanel, type PanelForm } from './text';
import { Findings } from './Findings';

type Props = {
  name: string;
  title: string;
  fresh: boolean;
  board: UserBoard | undefined;
  span: { from: number; to: number };
  onDone: () => void;
};

/** Edits a board's document, panel by panel, with a live preview. What is kept is the document's own text. */
export function Editor(props: Props) {
  const me = useQuery(meQuery).data;
  const file = useQuery({ ...boardTextQuery(props.name), enabled: !props.fresh });
  if (props.fresh && me) return <Draft {...props} start={starter(props.name, props.title, me.name)} />;
  if (file.data !== undefined) return <Draft {...props} start={file.data} />;
  return (
    <>
      <h1 className={css.loading}>{props.title}</h1>
      {file.isError ? (
        <Failure error={file.error} what="The board’s document" retry={() => void file.refetch()} />
      ) : (
        <Loading what="the document" rows={2} height={140} />
      )}
    </>
  );
}

const empty: PanelForm = { kind: 'kpi', title: '', kpi: '', kpis: [], queries: [], unit: '', text: '', width: 1 };

function Draft({ name, title, fresh, board, span, onDone, start }: Props & { start: string }) {
  const [first, setFirst] = useState(start);
  const [text, setText] = useState(start);
  const [asText, setAsText] = useState(false);
  const [open, setOpen] = useState<number | null>(fresh ? 0 : null);
  const [draft, setDraft] = useState<PanelForm | null>(() => (fresh ? readPanel(split(start)?.panels[0] ?? '') : null));
  const [said, setSaid] = useState('');
  const [saving, setSaving] = useState(false);
  const [proposed, setProposed] = useState<Proposed | null>(null);
  const parts = useMemo(() => split(text), [text]);
  const dirty = text !== first;
  const [settled] = useDebouncedValue(text, 400);
  const checked = useQuery({ ...boardCheckQuery(settled), enabled: settled !== first || fresh });
  const findings = settled === first && !fresh ? [] : (checked.data?.findings ?? []);
  const preview = useMemo(() => previewOf(split(settled)?.panels ?? [], board), [settled, board]);
  const wanted = useRef<string | null>(null);
  const list = useRef<HTMLOListElement>(null);
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && current.pathname !== next.pathname,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });
  // A moved panel takes the focus along.
  useEffect(() => {
    if (wanted.current === null) return;
    list.current?.querySelector<HTMLElement>(wanted.current)?.focus();
    wanted.current = null;
  });

  const put = (panels: string[]) => {
    if (parts) setText(join({ ...parts, panels }));
    setProposed(null);
  };
  const show = (i: number | null, block?: string) => {
    setOpen(i);
    setDraft(i === null ? null : readPanel(block ?? parts?.panels[i] ?? ''));
  };
  const move = (i: number, by: -1 | 1) => {
    if (!parts) return;
    const panels = [...parts.panels];
    const [one] = panels.splice(i, 1);
    panels.splice(i + by, 0, one ?? '');
    put(panels);
    if (open === i) setOpen(i + by);
    else if (open === i + by) setOpen(i);
    const edge = i + by === 0 ? 'down' : i + by === panels.length - 1 ? 'up' : by === -1 ? 'up' : 'down';
    wanted.current = `[data-panel="${i + by}"] [data-move="${edge}"]`;
    setSaid(`Moved to place ${i + by + 1} of ${panels.length}`);
  };
  const remove = (i: number) => {
    if (!parts) return;
    put(parts.panels.filter((_, j) => j !== i));
    show(null);
    setSaid(`Removed panel ${i + 1}`);
  };
  const add = () => {
    if (!parts) return;
    const block = writePanel(empty, parts.indent);
    put([...parts.panels, block]);
    setOpen(parts.panels.length);
    setDraft(empty);
    setSaid(`Added panel ${parts.panels.length + 1}`);
  };
  const edit = (i: number, f: PanelForm) => {
    if (!parts) return;
    setDraft(f);
    put(parts.panels.map((b, j) => (j === i ? writePanel(f, parts.indent, b) : b)));
  };

  return (
    <>
      <header className={css.head}>
        <div>
          <h1>{fresh ? `New board: ${title}` : `Edit ${title}`}</h1>
          <p className="muted">Nothing changes for others until you propose it and it is approved.</p>
        </div>
        <div className={css.actions}>
          <Button aria-pressed={asText} onClick={() => setAsText(!asText)}>
            {asText ? 'As panels' : 'As text'}
          </Button>
          <Button onClick={onDone}>{dirty ? 'Discard' : 'Done'}</Button>
          <Button variant="filled" disabled={!dirty && !fresh} onClick={() => setSaving(true)}>
            Propose
          </Button>
        </div>
      </header>
      {proposed ? <ProposedNote proposed={proposed} /> : null}
      <div className={css.editing}>
        <section className="panel" aria-label="Panels of the draft">
          {asText || !parts ? (
            <>
              <Textarea
                label="The document"
                description={
                  parts
                    ? 'Variables, roles and the owner are written here.'
                    : 'Its panels are written in a way that only the text can change.'
                }
                value={text}
                rows={24}
                spellCheck={false}
                autoCapitalize="none"
                classNames={{ input: css.mono ?? '' }}
                onChange={(e) => {
                  setText(e.currentTarget.value);
                  setProposed(null);
                  show(null);
                }}
              />
              <Findings list={findings} />
            </>
          ) : (
            <>
              <ol ref={list} className={css.panels}>
                {parts.panels.map((block, i) => {
                  const f = open === i ? draft : readPanel(block);
                  const word = wordsOf(f);
                  return (
                    <li key={i} data-panel={i} data-open={open === i || undefined}>
                      <div className={css.row}>
                        <button
                          type="button"
                          className={css.name}
                          aria-expanded={open === i}
                          onClick={() => show(open === i ? null : i)}
                        >
                          <Icon name={open === i ? 'up' : 'down'} size={14} />
                          <span>
                            {i + 1}. {word}
                          </span>
                        </button>
                        <button
                          type="button"
                          className={css.icon}
                          data-move="up"
                          aria-label={`Move panel ${i + 1} up`}
                          disabled={i === 0}
                          onClick={() => move(i, -1)}
                        >
                          <Icon name="up" size={15} />
                        </button>
                        <button
                          type="button"
                          className={css.icon}
                          data-move="down"
                          aria-label={`Move panel ${i + 1} down`}
                          disabled={i === parts.panels.length - 1}
                          onClick={() => move(i, 1)}
                        >
                          <Icon name="down" size={15} />
                        </button>
                        <button
                          type="button"
                          className={css.icon}
                          aria-label={`Remove panel ${i + 1}, ${word}`}
                          disabled={parts.panels.length === 1}
                          onClick={() => remove(i)}
                        >
                          <Icon name="bin" size={15} />
                        </button>
                      </div>
                      {open === i ? (
                        <div className={css.fields}>
                          {draft ? (
                            <PanelFields value={draft} onChange={(x) => edit(i, x)} />
                          ) : (
                            <Textarea
                              label="Its lines"
                              description="Written in a way that the form cannot show."
                              value={block}
                              rows={6}
                              spellCheck={false}
                              classNames={{ input: css.mono ?? '' }}
                              onChange={(e) => put(parts.panels.map((b, j) => (j === i ? e.currentTarget.value : b)))}
                            />
                          )}
                        </div>
                      ) : null}
                    </li>
                  );
                })}
              </ol>
              <Findings list={findings} />
              <Button leftSection={<Icon name="plus" />} onClick={add}>
                Add a panel
              </Button>
              <span className="vh" role="status">
                {said}
              </span>
            </>
          )}
        </section>
        <section aria-label="Preview" className={css.preview}>
          <h2 className="vh">Preview</h2>
          <div className={css.grid}>
            {preview.map(({ at, panel }, i) => (
              <div key={i} className={css.cell} data-width={panel.width} data-lit={at === open || undefined}>
                <Panel panel={panel} span={span} />
              </div>
            ))}
          </div>
        </section>
      </div>
      {saving ? (
        <ProposeDialog
          start={fresh ? `New board ${title}` : `Change the board ${title}`}
          texts={[text]}
          onDone={(p) => {
            setProposed(p);
            setFirst(text);
            setSaving(false);
          }}
          onClose={() => setSaving(false)}
        />
      ) : null}
      {blocker.status === 'blocked' ? (
        <Confirm
          title="Leave without proposing?"
          action="Leave"
          busy={false}
          error={null}
          onConfirm={() => blocker.proceed()}
          onClose={() => blocker.reset()}
        >
          What you have changed on {name} is not kept.
        </Confirm>
      ) : null}
    </>
  );
}

function wordsOf(f: PanelForm | null): string {
  if (f === null) return 'lines of its own';
  const what =
    f.kind === 'kpi'
      ? f.kpi || 'not chosen yet'
      : f.kind === 'kpis'
        ? f.kpis.join(', ') || 'not chosen yet'
        : f.kind === 'promql'
          ? firstOf(f.queries[0]?.expr, 'no query yet')
          : firstOf(f.text.split('\n')[0], 'empty');
  return `${kinds[f.kind]}: ${f.title || what}`;
}

function firstOf(text: string | undefined, none: string): string {
  return text === undefined || text === '' ? none : text;
}
