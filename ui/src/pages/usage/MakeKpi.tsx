import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { askKpi, type KpiDraft, type UsageKpi } from '../../api/usage';
import { meQuery, useMay } from '../../api/status';
import { Dialog } from '../../components/Dialog';
import { Icon } from '../../components/Icon';
import { Failure, Loading } from '../../components/States';
import { Ago } from '../../time/Ago';
import { readDraft, writeDraft } from '../policy/drafts';
import { withPublished } from './published';
import css from './Usage.module.css';

const key = 'new/KPI';
const blank = { effective: '', emergency: false, base: '' };

/** What the proposal begins to say; the person goes on. */
function reasonOf(body: UsageKpi): string {
  return `From the page Usage: “${body.title ?? ''}” shall be watched and promised.`;
}

/** The button beside a number that makes a KPI of it; nothing for those who may not propose. */
export function MakeKpi({ of, ask, words = false }: { of: string; ask: UsageKpi; words?: boolean }) {
  const may = useMay('propose') ?? false;
  const [open, setOpen] = useState(false);
  if (!may) return null;
  return (
    <>
      <button
        type="button"
        className={`${css.kpi} no-print`}
        aria-label={`Make this a KPI: ${of}`}
        title="Make this a KPI"
        onClick={() => setOpen(true)}
      >
        <Icon name="policy" size={14} />
        {words ? <span>Make this a KPI</span> : <span>KPI</span>}
      </button>
      {open ? <KpiDialog of={of} ask={ask} onClose={() => setOpen(false)} /> : null}
    </>
  );
}

type Asked = { draft?: KpiDraft; error?: unknown };

function KpiDialog({ of, ask, onClose }: { of: string; ask: UsageKpi; onClose: () => void }) {
  const navigate = useNavigate();
  const [old] = useState(() => readDraft(key));
  const me = useQuery(meQuery).data;
  const [body] = useState(() => ({ title: of, ...(me?.login ? { owner: me.login } : {}), ...ask }));
  const [asked, setAsked] = useState<Asked>({});
  useEffect(() => {
    let gone = false;
    void withPublished(body)
      .then(askKpi)
      .then(
        (draft) => gone || setAsked({ draft }),
        (error: unknown) => gone || setAsked({ error }),
      );
    return () => {
      gone = true;
    };
  }, [body]);
  const { draft, error } = asked;
  return (
    <Dialog title="Make this a KPI" size={720} onClose={onClose}>
      <form
        className={css.form}
        onSubmit={(e) => {
          e.preventDefault();
          if (!draft) return;
          const text = draft.policy;
          writeDraft(key, { ...blank, text, title: `New KPI: ${body.title}`, reason: reasonOf(body), at: Date.now() });
          void navigate({ to: '/policy/new', search: { kind: 'KPI' } });
        }}
      >
        <p>
          <strong>{of}</strong> becomes a proposal with a back-test: you state the owner and the thresholds, somebody
          else approves.
        </p>
        {draft ? (
          <>
            <pre className={css.doc} tabIndex={0} aria-label="The document">
              {draft.policy}
            </pre>
            {draft.notes.length > 0 || draft.watch ? (
              <ul className={css.bullets}>
                {draft.watch ? <li>From now on it is measured for everybody, whether or not it is proposed.</li> : null}
                {draft.notes.map((n) => (
                  <li key={n}>{n}</li>
                ))}
              </ul>
            ) : null}
          </>
        ) : error ? (
          <Failure error={error} what="The KPI" />
        ) : (
          <Loading what="the document" rows={1} height={180} />
        )}
        {old ? (
          <p className={css.warn} role="status">
            You have a draft of a new KPI from <Ago at={old.at} />. Going on replaces it.
          </p>
        ) : null}
        <div className={css.acts}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" disabled={!draft} data-autofocus>
            Go on in the policy editor
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
