import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ApiError } from '../../api/client';
import {
  proposalQuery,
  policyQuery,
  kindOf,
  kinds,
  schemaQuery,
  type Kind,
  type Policy,
  type Proposal,
} from '../../api/govern';
import { Pick } from '../../components/Pick';
import { Failure, Loading } from '../../components/States';
import css from './Editor.module.css';
import page from './Proposal.module.css';
import { starter } from './schema';
import { kindWords } from './words';
import { Editor } from './DraftEditor';

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
