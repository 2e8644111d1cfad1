import { Button, Switch, Textarea, TextInput } from '../../components/kit';
import { meQuery } from '../../api/status';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useState } from 'react';
import { checkQuery, usePropose, type Finding, type Kind, type Proposal, type Text } from '../../api/govern';
import { Loading } from '../../components/States';
import { LightLabel, LightShape } from '../../light/Light';
import { Ago } from '../../time/Ago';
import { useZone } from '../../time/zone';
import { clearDraft, readDraft, writeDraft, type Draft } from './drafts';
import css from './Editor.module.css';
import { QuickForm } from './QuickForm';
import { sentence } from './words';
import { When, instantOf } from './When';
import { Answers, Meaning } from './Meaning';

const YamlEditor = lazy(() => import('./YamlEditor').then((m) => ({ default: m.YamlEditor })));

type Start = { text: string; base: string; title: string; reason: string };

type Other = { label: string; text: Text };

/** A draft while it is written: fields, text, what it says and how it is proposed. */
export function Editor({
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
