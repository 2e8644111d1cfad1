import { Button, Textarea } from '../../components/kit';
import { useState } from 'react';
import { useMove, type Comment, type Proposal } from '../../api/govern';
import { Icon, type IconName } from '../../components/Icon';
import { when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import form from './Form.module.css';
import css from './Proposal.module.css';
import { clearDraft, readNote, writeNote } from './drafts';
import { whoWords } from './words';

const icons: Record<string, IconName> = {
  approve: 'check',
  apply: 'check',
  reject: 'x',
  fail: 'x',
  expire: 'clock',
  schedule: 'clock',
  supersede: 'clock',
  test: 'chart',
  rebase: 'history',
  revert: 'history',
  emergency: 'bell',
  edit: 'pencil',
  propose: 'plus',
};
const verbs: Record<string, string> = {
  propose: 'proposed it',
  edit: 'edited it',
  test: 'tested it',
  approve: 'approved',
  reject: 'asked for changes',
  apply: 'applied it',
  rebase: 'rebased it',
  expire: 'closed it',
  supersede: 'closed it',
  schedule: 'scheduled it',
  fail: 'could not apply it',
  revert: 'proposed to go back',
  emergency: 'applied it at once',
};

/** What was said and done, oldest first, and a field to say more. */
export function Discussion({ proposal: p }: { proposal: Proposal }) {
  const key = `comment/${p.id}`;
  const [text, setText] = useState(() => readNote(key));
  const say = useMove(p.id);
  const write = (v: string) => {
    setText(v);
    writeNote(key, v);
  };
  return (
    <section className="panel" aria-labelledby="discussion">
      <h2 id="discussion">Discussion</h2>
      {p.discussion.length === 0 ? <p className="muted small">Nobody has said anything yet.</p> : null}
      <ol className="list">
        {p.discussion.map((c) => (
          <Entry key={c.id} entry={c} />
        ))}
      </ol>
      {p.may.includes('comment') ? (
        <form
          className={`${form.form} ${css.say} no-print`}
          onSubmit={(e) => {
            e.preventDefault();
            if (text.trim() === '') return;
            say.mutate(
              { do: 'comment', text: text.trim() },
              {
                onSuccess: () => {
                  setText('');
                  clearDraft(key);
                },
              },
            );
          }}
        >
          <Textarea
            label="Say something"
            value={text}
            onChange={(e) => write(e.currentTarget.value)}
            rows={2}
            autosize={false}
          />
          {say.isError ? (
            <p className={form.fault} role="alert">
              {say.error.message}
            </p>
          ) : null}
          <div className={form.buttons}>
            <Button type="submit" loading={say.isPending} disabled={text.trim() === ''}>
              Comment
            </Button>
          </div>
        </form>
      ) : p.may_no.comment ? (
        <p className="fine">{p.may_no.comment}</p>
      ) : null}
    </section>
  );
}

function Entry({ entry: c }: { entry: Comment }) {
  const zone = useZone();
  const now = useNow(60_000);
  const said = c.kind === 'comment';
  return (
    <li className={css.line} data-quiet={!said || undefined}>
      <span className={css.initial} aria-hidden="true">
        {said ? (
          (c.who.name.split(' ').at(-1)?.charAt(0).toUpperCase() ?? '')
        ) : (
          <Icon name={icons[c.kind] ?? 'clock'} size={12} />
        )}
      </span>
      <div className="small">
        <p className={css.words}>
          <strong>{whoWords(c.who)}</strong> {said ? c.text : (verbs[c.kind] ?? c.kind)}
        </p>
        {!said && c.text !== '' ? <p className={`${css.words} muted`}>{c.text}</p> : null}
        <p className="fine">{when(c.at, now, zone)}</p>
      </div>
    </li>
  );
}
