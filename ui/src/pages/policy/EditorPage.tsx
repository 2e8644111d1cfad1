import { Button, Switch, Textarea, TextInput } from '../../components/kit';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useId, useState } from 'react';
import { ApiError } from '../../api/client';
import {
  checkQuery,
  feedbackQuery,
  kindOf,
  kinds,
  policyQuery,
  proposalQuery,
  schemaQuery,
  usePropose,
  type Checked,
  type Finding,
  type Kind,
  type Policy,
  type Proposal,
  type Text,
} from '../../api/govern';
import { meQuery } from '../../api/status';
import { Pick } from '../../components/Pick';
import { Failure, Loading } from '../../components/States';
import { LightLabel, LightShape } from '../../light/Light';
import { Ago } from '../../time/Ago';
import { clock, exact, span } from '../../time/format';
import { useZone, zoneName } from '../../time/zone';
import { clearDraft, readDraft, writeDraft, type Draft } from './drafts';
import css from './Editor.module.css';
import { Band } from './OutcomeChart';
import page from './Proposal.module.css';
import { QuickForm } from './QuickForm';
import { starter } from './schema';
import { count, kindWords, sentence, whoWords } from './words';

const YamlEditor = lazy(() => import('./YamlEditor').then((m) => ({ default: m.YamlEditor })));

/** A policy that does not exist yet. */
export function NewPolicyPage() {
  const search = useSearch({ from: '/shell/policy/new' });
  const navigate = useNavigate({ from: '/policy/new' });
  const kind = search.kind ?? 'KPI';
  const schema = useQuery(schemaQuery(kind));
  const title = `New ${kind === 'KPI' ? 'KPI' : kind.toLowerCase()}`;
  return (
    <>
      <title>{`${title} · Policies · signalbox`}</title>
      <header className={page.head}>
        <div className={page.headMain}>
          <h1>{title}</h1>
          <p className="muted">{sentenceOf(kind)}</p>
        </div>
        <Pick
          label="Kind"
          value={kind}
          options={kinds.map((k) => ({ value: k, label: k }))}
          onChange={(v) =>
            void navigate({
              search: (old) => ({ ...old, kind: kindOf(v) ?? 'KPI' }),
              replace: true,
              resetScroll: false,
            })
          }
        />
      </header>
      {schema.isPending ? (
        <Loading what="the editor" rows={2} height={220} />
      ) : (
        <Editor
          key={kind}
          draftKey={`new/${kind}`}
          kind={kind}
          start={{ text: starter(kind, schema.data), base: '', title: '', reason: '' }}
          schema={schema.data}
          feedback={search.feedback ?? []}
        />
      )}
    </>
  );
}

function sentenceOf(kind: Kind): string {
  const about = kindWords[kind].about;
  return `It says ${about}. What you write is proposed; it takes effect when it has what the approval policy asks for.`;
}

/** A change of a policy, or of a proposal that already wants one. */
export function EditPolicyPage() {
  const { kind: text, name } = useParams({ from: '/shell/policy/$kind/$name/edit' });
  const search = useSearch({ from: '/shell/policy/$kind/$name/edit' });
  const kind = kindOf(text);
  const id = search.proposal;
  const policy = useQuery({ ...policyQuery(text, name), enabled: kind !== undefined });
  const proposal = useQuery({ ...proposalQuery(id ?? 0), enabled: id !== undefined, refetchInterval: false });
  const schema = useQuery({ ...schemaQuery(kind ?? 'KPI'), enabled: kind !== undefined });
  const missing = policy.error instanceof ApiError && policy.error.status === 404;
  const ready =
    !schema.isPending && (policy.data ?? (missing && id !== undefined)) && (id === undefined || proposal.data);
  const error = (missing && id !== undefined ? null : policy.error) ?? proposal.error;
  const title = policy.data?.title ?? name;
  return (
    <>
      <title>{`Change ${title} · Policies · signalbox`}</title>
      <header className={page.head}>
        <div className={page.headMain}>
          <h1>{id === undefined ? `Change ${title}` : `Edit proposal ${id}`}</h1>
          <p className={css.lead}>{policy.data ? <span className="muted">{policy.data.sentence}</span> : null}</p>
        </div>
      </header>
      {kind === undefined ? (
        <p className="muted">
          There is no kind of policy named {text}. <Link to="/policy">See all policies</Link>
        </p>
      ) : error ? (
        <Failure
          error={error}
          what="The editor"
          retry={() => {
            void policy.refetch();
            if (id !== undefined) void proposal.refetch();
          }}
        />
      ) : ready ? (
        <Loaded
          key={`${kind}/${name}/${id ?? ''}`}
          kind={kind}
          name={name}
          policy={policy.data}
          proposal={proposal.data}
          schema={schema.data}
          feedback={search.feedback ?? []}
        />
      ) : (
        <Loading what="the editor" rows={2} height={220} />
      )}
    </>
  );
}

function Loaded({
  kind,
  name,
  policy,
  proposal,
  schema,
  feedback,
}: {
  kind: Kind;
  name: string;
  policy: Policy | undefined;
  proposal: Proposal | undefined;
  schema: unknown;
  feedback: number[];
}) {
  const mine = proposal?.changes.find((c) => c.kind === kind && c.name === name);
  const others = proposal?.changes.filter((c) => c !== mine) ?? [];
  return (
    <Editor
      draftKey={`${kind}/${name}${proposal ? `/${proposal.id}` : ''}`}
      kind={kind}
      start={{
        text: mine ? mine.after || mine.before : (policy?.text ?? starter(kind, schema)),
        base: proposal?.hash ?? policy?.hash ?? '',
        title: proposal?.title ?? '',
        reason: proposal?.reason ?? '',
      }}
      schema={schema}
      feedback={proposal?.feedback ?? feedback}
      proposal={proposal}
      others={others.map((c) => ({
        label: `${c.kind}/${c.name}`,
        text: c.action === 'remove' ? { remove: `${c.kind}/${c.name}` } : { text: c.after },
      }))}
      title={policy?.title ?? mine?.title ?? name}
      revision={policy?.revision ?? 0}
    />
  );
}

type Start = { text: string; base: string; title: string; reason: string };
type Other = { label: string; text: Text };

function Editor({
  draftKey,
  kind,
  start,
  schema,
  feedback,
  proposal,
  others = [],
  title = '',
  revision = 0,
}: {
  draftKey: string;
  kind: Kind;
  start: Start;
  schema: unknown;
  feedback: number[];
  proposal?: Proposal | undefined;
  others?: Other[];
  title?: string;
  revision?: number;
}) {
  const navigate = useNavigate();
  const zone = useZone();
  // What it began with stays, even when the server has something newer by now: that is said, not mixed in.
  const [begun] = useState(start);
  const [kept, setKept] = useState(() => readDraft(draftKey));
  const blank: Draft = { ...begun, effective: '', emergency: false, at: 0 };
  const [draft, setDraft] = useState<Draft>(kept ?? blank);
  const [tried, setTried] = useState(false);
  const [goto, setGoto] = useState<{ line: number; column: number } | null>(null);
  const send = usePropose();
  const [settled] = useDebouncedValue(draft.text, 400);
  const check = useQuery({ ...checkQuery(settled), enabled: settled.trim() !== '' });
  const actions = useQuery({ ...meQuery, select: (m) => m.actions }).data ?? [];
  const findings = check.data?.findings ?? none;
  const errors = findings.filter((f) => f.severity === 'error').length;
  const set = useCallback(
    (patch: Partial<Draft>) =>
      setDraft((old) => {
        const next = { ...old, ...patch, at: Date.now() };
        writeDraft(draftKey, next);
        return next;
      }),
    [draftKey],
  );
  const startOver = () => {
    clearDraft(draftKey);
    setKept(undefined);
    setDraft({ ...blank, ...start });
  };
  const free = check.data?.need.met === true && check.data.need.approvals === 0 && !check.data.need.evidence;
  const fresh = revision === 0;
  const unchanged = !fresh && proposal === undefined && draft.text === begun.text;
  const effective = instantOf(draft.effective, zone);
  const faults = [
    draft.reason.trim() === '' ? 'Say why: the reason is missing.' : '',
    unchanged ? 'The document is as it is in force: change something first.' : '',
    effective === null ? 'The instant cannot be read.' : '',
  ].filter(Boolean);
  const submit = () => {
    setTried(true);
    if (faults.length > 0 || send.isPending) return;
    send.mutate(
      {
        id: proposal?.id,
        draft: {
          title: draft.title.trim() || (title ? `Change ${title}` : ''),
          reason: draft.reason.trim(),
          documents: [{ text: draft.text }, ...others.map((o) => o.text)],
          ...(effective ? { effective_from: effective } : {}),
          ...(draft.emergency ? { emergency: true } : {}),
          ...(feedback.length > 0 ? { feedback } : {}),
          ...(proposal ? { base: draft.base } : {}),
        },
      },
      {
        onSuccess: (p) => {
          clearDraft(draftKey);
          void navigate({ to: '/policy/proposals/$id', params: { id: String(p.id) } });
        },
      },
    );
  };
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        submit();
      }}
      noValidate
    >
      {kept ? (
        <div className={css.notice} role="status">
          <p>
            What you typed <Ago at={kept.at} /> is back. It is kept in this browser until you propose it or start over.
          </p>
          <Button onClick={startOver}>Start over</Button>
        </div>
      ) : null}
      {draft.base !== start.base && start.base !== '' ? (
        <div className={css.notice} data-tone="yellow" role="status">
          <LightShape state="yellow" size={18} />
          <p>
            {proposal
              ? 'Somebody else edited this proposal since you began. What you send replaces what they wrote.'
              : `Revision ${revision} has come into force since you began. Your text stands on an earlier one.`}
          </p>
          <Button onClick={() => set({ base: start.base })}>Go on with my text</Button>
          <Button onClick={startOver}>Start over</Button>
        </div>
      ) : null}
      {feedback.length > 0 ? (
        <Answers ids={feedback} kpi={draftKey.startsWith('KPI/') ? (draftKey.split('/')[1] ?? '') : ''} />
      ) : null}
      <div className={css.columns}>
        <div className="stack">
          <section className="panel" aria-labelledby="quick">
            <div className="panel-head">
              <h2 id="quick">The common change</h2>
              <span className="fine">Each field changes its place in the document</span>
            </div>
            <QuickForm
              kind={kind}
              fresh={fresh}
              text={draft.text}
              schema={schema}
              findings={findings}
              onChange={(text) => set({ text })}
            />
          </section>
          <section className="panel" aria-labelledby="yaml">
            <div className="panel-head">
              <h2 id="yaml">Document</h2>
              <span className="fine no-print">Ctrl Space completes, Ctrl Enter proposes, Tab leaves</span>
            </div>
            <Suspense fallback={<Loading what="the editor" rows={1} height={340} />}>
              <YamlEditor
                value={draft.text}
                label="Document, YAML"
                schema={schema}
                findings={findings}
                goto={goto}
                onChange={(text) => set({ text })}
                onSubmit={submit}
              />
            </Suspense>
            {others.length > 0 ? (
              <p className="fine">
                The proposal also changes {others.map((o) => o.label).join(', ')}; that stays as it is.
              </p>
            ) : null}
          </section>
        </div>
        <aside className={`stack ${css.aside}`} aria-label="What it would mean">
          <Meaning
            check={check.data}
            busy={check.isFetching || settled !== draft.text}
            error={check.error}
            onGoto={(f) => setGoto({ line: f.line, column: f.column })}
          />
          <section className="panel" aria-labelledby="send">
            <h2 id="send">{proposal ? 'Send the new text' : 'Propose it'}</h2>
            <div className={css.stack}>
              <TextInput
                label="Title"
                placeholder={title ? `Change ${title}` : 'In a few words'}
                value={draft.title}
                maxLength={200}
                onChange={(e) => set({ title: e.currentTarget.value })}
              />
              <Textarea
                label="Why"
                description="The approver reads this first, and an auditor years later."
                value={draft.reason}
                rows={3}
                required
                maxLength={4000}
                error={tried && draft.reason.trim() === '' ? 'Say why, in a few words.' : undefined}
                onChange={(e) => set({ reason: e.currentTarget.value })}
              />
              <When
                value={draft.effective}
                wrong={tried && effective === null}
                onChange={(v) => set({ effective: v })}
              />
              {actions.includes('emergency') && !proposal ? (
                <div className={css.emergency} data-on={draft.emergency || undefined}>
                  <Switch
                    label="Emergency change"
                    description="Takes effect now, before anybody approves it. It is marked red, it is on the audit trail, and it is taken back after 24 hours unless somebody else approves it."
                    checked={draft.emergency}
                    onChange={(e) => set({ emergency: e.currentTarget.checked })}
                  />
                </div>
              ) : null}
              {check.data && check.data.need.sentence !== '' ? (
                <p className="small">
                  <strong>{sentence(check.data.need.sentence)}</strong>{' '}
                  {free ? 'It is applied as soon as you send it.' : ''}
                </p>
              ) : null}
              {send.isError ? (
                <p className={css.findings} role="alert">
                  <LightLabel state="red" word={send.error.message} size={15} />
                </p>
              ) : tried && faults.length > 0 ? (
                <p className={css.findings} role="alert">
                  <LightLabel state="red" word={faults[0] ?? ''} size={15} />
                </p>
              ) : null}
              <div className={css.send}>
                <Button
                  onClick={() =>
                    void (proposal
                      ? navigate({ to: '/policy/proposals/$id', params: { id: String(proposal.id) } })
                      : navigate({ to: '/policy' }))
                  }
                >
                  Keep as draft
                </Button>
                <Button type="submit" variant="filled" loading={send.isPending} disabled={errors > 0}>
                  {draft.emergency ? 'Apply as an emergency' : proposal ? 'Send' : free ? 'Apply' : 'Propose'}
                </Button>
              </div>
              {errors > 0 ? <p className="fine">It can be proposed once the mistakes above are mended.</p> : null}
            </div>
          </section>
        </aside>
      </div>
    </form>
  );
}

const none: Finding[] = [];

/** An instant as typed: undefined when empty, null when it is none. */
export function instantOf(typed: string, zone: 'UTC' | 'local'): number | undefined | null {
  if (typed === '') return undefined;
  const ms = Date.parse(zone === 'UTC' ? `${typed}Z` : typed);
  return Number.isNaN(ms) ? null : ms;
}

function When({ value, wrong, onChange }: { value: string; wrong: boolean; onChange: (v: string) => void }) {
  const zone = useZone();
  const id = useId();
  const at = instantOf(value, zone);
  return (
    <div className={css.when}>
      <label htmlFor={id}>Takes effect</label>
      <input
        id={id}
        type="datetime-local"
        value={value}
        aria-describedby={`${id}d`}
        aria-invalid={wrong || undefined}
        onChange={(e) => onChange(e.currentTarget.value)}
      />
      <p id={`${id}d`} className="fine">
        {at
          ? `${exact(at, zone)}, at the first period after it`
          : `Empty: at the next period after approval. Times in ${zoneName(zone)}.`}
      </p>
    </div>
  );
}

function Answers({ ids, kpi }: { ids: number[]; kpi: string }) {
  const all = useQuery(feedbackQuery(kpi)).data ?? [];
  const shown = all.filter((f) => ids.includes(f.id));
  return (
    <div className={css.notice}>
      <p>
        <strong>Answers {count(ids.length, 'piece', 'pieces')} of feedback.</strong>{' '}
        {shown.map((f) => `${whoWords(f.who)}: “${f.comment}”`).join(' ')}
      </p>
    </div>
  );
}

function Meaning({
  check,
  busy,
  error,
  onGoto,
}: {
  check: Checked | undefined;
  busy: boolean;
  error: Error | null;
  onGoto: (f: Finding) => void;
}) {
  const zone = useZone();
  const sentences = check?.changes.flatMap((c) => c.sentences) ?? [];
  const errors = check?.findings.filter((f) => f.severity === 'error').length ?? 0;
  return (
    <section className="panel" aria-labelledby="means" aria-busy={busy}>
      <div className="panel-head">
        <h2 id="means">What it says</h2>
        <span className="fine" aria-live="polite">
          {busy ? 'Reading…' : errors > 0 ? count(errors, 'mistake') : check ? 'Up to date' : ''}
        </span>
      </div>
      <div className={css.stack}>
        {error ? <p className="small muted">{error.message}</p> : null}
        {check && check.findings.length > 0 ? (
          <ul className={css.findings} aria-label="Findings">
            {check.findings.map((f, i) => (
              <li key={i}>
                <LightShape
                  state={f.severity === 'error' ? 'red' : 'yellow'}
                  size={16}
                  title={f.severity === 'error' ? 'Mistake' : 'Warning'}
                />
                <button type="button" onClick={() => onGoto(f)}>
                  {f.line > 0 ? <strong>Line {f.line}: </strong> : null}
                  {f.message}
                </button>
              </li>
            ))}
          </ul>
        ) : null}
        {sentences.length > 0 ? (
          <ul className={css.says}>
            {sentences.map((s, i) => (
              <li key={i}>{sentence(s)}</li>
            ))}
          </ul>
        ) : check && errors === 0 ? (
          <p className="muted small">Nothing would change.</p>
        ) : null}
        {check?.previews.map((p) => (
          <div key={p.kpi} className={css.preview}>
            <h3>The last {span(p.to - p.from)}, judged by this text</h3>
            {p.error ? (
              <p className="small">
                <LightLabel state="grey" word={p.error} size={15} />
              </p>
            ) : (
              <>
                <p>
                  <LightLabel state={p.light} word={p.word} size={16} />
                </p>
                <Band name="Light" spans={p.spans} from={p.from} to={p.to} />
                <p className={css.axis} aria-hidden="true">
                  <span>{clock(p.from, zone)}</span>
                  <span>{clock(p.to, zone)}</span>
                </p>
                <p className="small muted">{p.sentence}</p>
              </>
            )}
          </div>
        ))}
      </div>
    </section>
  );
}
