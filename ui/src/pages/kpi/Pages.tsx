import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { alertsQuery } from '../../api/alerts';
import { decisionsQuery } from '../../api/kpi';
import type { Receipt, View } from '../../api/types';
import { ReceiptLine } from '../../components/ReceiptLine';
import { Link } from '@tanstack/react-router';
import type { SetSearch } from './KpiPage';

/** Recent pages of this KPI with what became of every message. */
export function Pages({ kpi, set }: { kpi: View; set: SetSearch }) {
  const decisions = useQuery(decisionsQuery(kpi.name, 20)).data?.decisions;
  const alerts = useQuery(alertsQuery).data?.receipts;
  const rows = useMemo(() => {
    const all = new Map<string, Receipt>();
    for (const d of decisions ?? []) for (const r of d.receipts) all.set(r.id, r);
    for (const r of alerts ?? []) if (r.kpi === kpi.name) all.set(r.id, r);
    return [...all.values()].sort((a, b) => b.at - a.at).slice(0, 8);
  }, [decisions, alerts, kpi.name]);
  return (
    <section className="panel" aria-labelledby="pages">
      <div className="panel-head">
        <h2 id="pages">Recent pages</h2>
        <Link to="/alerts" className="small">
          Alerts
        </Link>
      </div>
      {rows.length === 0 ? (
        <p className="muted small">
          {kpi.page ? 'Nobody has been paged about this KPI.' : 'This KPI pages nobody: its policy has no page.'}
        </p>
      ) : (
        <ul className="list">
          {rows.map((r) => (
            <ReceiptLine
              key={r.id}
              receipt={r}
              link={
                r.decision ? (
                  <a href={`#decision-${r.decision}`} onClick={() => set({ decision: r.decision })}>
                    Why
                  </a>
                ) : undefined
              }
            />
          ))}
        </ul>
      )}
    </section>
  );
}
