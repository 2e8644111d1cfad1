import { Button } from '@mantine/core';
import { useVerify, type AuditPage } from '../../api/audit';
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
  const v = verify.data;
  const checked = v !== undefined || page.verified.at > 0;
  const good = v ? v.good : page.verified.good;
  const state = !checked ? 'grey' : good ? 'green' : 'red';
  const word = !checked ? 'Not verified yet' : good ? 'Chain whole' : 'Chain broken';
  const broken = v?.first_broken;
  return (
    <section className={css.chain} data-state={state} aria-label="Is the record whole?">
      <LightShape state={state} size={22} />
      <div className="grow">
        <p aria-live="polite">
          <strong>{word}.</strong> {v ? v.sentence : page.verified.sentence}
          {!v && checked ? ` Verified to record ${page.verified.seq}, ${exact(page.verified.at, zone)}.` : ''}
        </p>
        {broken ? (
          <p className={css.broken}>
            Record {broken.seq}, {exact(broken.at, zone)}: {broken.what}{' '}
            <button type="button" className={css.link} onClick={() => onShow(broken.seq)}>
              Show record {broken.seq}
            </button>
          </p>
        ) : null}
        {verify.isError ? (
          <p className={css.broken} role="alert">
            {verify.error.message}
          </p>
        ) : null}
        <p className="fine">
          Head: record {page.head.seq}, <code title={page.head.hash}>{short(page.head.hash)}</code>
          {v ? ` · ${v.records} records and ${v.digests} signed hours in ${(v.took_ms / 1000).toFixed(1)} s` : ''}
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
