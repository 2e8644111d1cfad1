import type { View } from '../../api/types';
import { Icon } from '../../components/Icon';
import css from './Runbook.module.css';

/** The way to the steps that help; only web addresses become links. */
export function Runbook({ kpi }: { kpi: View }) {
  const url = kpi.page?.runbook ?? '';
  const web = /^https?:\/\//i.test(url);
  return (
    <section className="panel" aria-labelledby="runbook">
      <div className="panel-head">
        <h2 id="runbook" className={css.title}>
          <Icon name="book" /> Runbook
        </h2>
      </div>
      {url === '' ? (
        <p className="muted small">
          {kpi.page
            ? 'The policy pages somebody but names no runbook.'
            : 'Nobody is paged about this KPI, so it needs no runbook.'}
        </p>
      ) : web ? (
        <a href={url} target="_blank" rel="noreferrer noopener" className={css.link}>
          <span>
            Open the runbook
            <span className="fine">{url.replace(/^https?:\/\//i, '')}</span>
          </span>
          <Icon name="external" size={15} />
        </a>
      ) : (
        <p className="small">{url}</p>
      )}
    </section>
  );
}
