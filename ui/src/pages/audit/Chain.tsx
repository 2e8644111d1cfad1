import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { useVerify, verifiedQuery, type AuditPage } from '../../api/audit';
import { Icon } from '../../components/Icon';
import { LightShape } from '../../light/Light';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import css from './Audit.module.css';
import { short } from './words';

/** Whether the chain is whole, as far as it was checked; and the button that checks it all again. */
export function Chain({ page, onShow }: { page: AuditPage; onShow: (seq: number) => void }) {
  const zone = useZone();
  const verify = useVerify();
  const v = useQuery(verifiedQuery).data ?? null;
  const state = v === null ? 'grey' : v.good ? 'green' : 'red';
  const word = v === null ? 'Not verified on this visit' : v.good ? 'Chain whole' : 'Chain broken';
  const broken = v?.break;
  const seq = broken?.seq ?? 0;
  return (
    <section className={css.chain} data-state={state} aria-label="Is the record whole?">
      <LightShape state={state} size={22} />
      <div className="grow">
        <p aria-live="polite">
          <strong>{word}.</strong>{' '}
          {v === null
            ? 'Verify walks every record and every signed hour.'
            : `Verified to record ${v.last_seq}, ${exact(v.at, zone)}.${v.good ? ` ${v.sentence}` : ''}`}
        </p>
        {broken ? (
          <p className={css.broken}>
            {seq > 0 ? `Record ${seq}` : broken.digest ? `Signed hour ${broken.digest}` : 'The chain'}
            {broken.at ? `, ${exact(broken.at, zone)}` : ''}: {broken.what}{' '}
            {seq > 0 ? (
              <button type="button" className={css.link} onClick={() => onShow(seq)}>
                Show record {seq}
              </button>
            ) : null}
          </p>
        ) : null}
        {v?.notes.map((n) => (
          <p key={n} className="small">
            {n}
          </p>
        ))}
        {verify.isError ? (
          <p className={css.broken} role="alert">
            {verify.error.message}
          </p>
        ) : null}
        <p className="fine">
          Head: record {page.head.seq}, <code title={page.head.hash}>{short(page.head.hash)}</code>
          {v
            ? ` · ${v.records} records and ${v.digests} signed hours in ${(v.took_ms / 1000).toFixed(1)} s; signed to record ${v.signed_seq}`
            : ''}
        </p>
      </div>
      <Button
        className="no-print"
        leftSection={<Icon name="shield" />}
        loading={verify.isPending}
        onClick={() => verify.mutate()}
      >
        Verify
      </Button>
    </section>
  );
}
