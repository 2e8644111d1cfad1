import { useQuery } from '@tanstack/react-query';
import { changesQuery } from '../../api/changes';
import { adoptionQuery, type Adoption, type Feature, type FeatureKind } from '../../api/usage';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { compact } from '../../format/number';
import { useNow } from '../../time/useNow';
import { NoEvents } from './Engagement';
import { MakeKpi } from './MakeKpi';
import { Notes } from './Parts';
import { Trend, TrendTable } from './Trend';
import css from './Usage.module.css';
import type { ViewProps } from './UsagePage';
import { people, percent, periodEnd } from './words';

const kinds: { value: FeatureKind; label: string; one: string }[] = [
  { value: 'event', label: 'Events', one: 'event' },
  { value: 'route', label: 'Routes', one: 'route' },
  { value: 'release', label: 'Releases and flags', one: 'release' },
];
/** As many lines as stay apart by colour and dash. */
const most = 5;

/** Who uses what, and since which release. */
export function AdoptionView({ search, set, app, from, to }: ViewProps) {
  const { kind } = search;
  const q = useQuery(
    adoptionQuery({
      ...app,
      from,
      to,
      kind,
      top: 20,
      releases: kind !== 'release',
      ...(search.q ? { q: search.q } : {}),
    }),
  );
  const one = kinds.find((k) => k.value === kind)?.one ?? 'event';
  return (
    <div className="stack" aria-busy={q.isPlaceholderData}>
      <div className="no-print">
        <Segments
          label="Features are"
          items={kinds.map((k) => ({ value: k.value, label: k.label, pressed: k.value === kind }))}
          onPick={(v) => set({ kind: v === 'event' ? undefined : v, name: undefined })}
        />
      </div>
      {q.isError ? (
        <Failure error={q.error} what="Adoption" retry={() => void q.refetch()} />
      ) : !q.data ? (
        <Loading what="adoption" rows={2} height={240} />
      ) : q.data.actives === 0 ? (
        <NoEvents />
      ) : q.data.features.length === 0 ? (
        <Empty title={`No ${one} is named in this range`}>
          <p>
            {kind === 'release'
              ? 'Events that carry a release, or feature_flag.key, show here: how many people have it, day by day.'
              : `Events with a ${one === 'route' ? 'route' : 'name'} show here, the most used first.`}
          </p>
        </Empty>
      ) : (
        <Features a={q.data} one={one} search={search} set={set} app={app} from={from} to={to} />
      )}
    </div>
  );
}

type Props = Omit<ViewProps, 'live'> & { a: Adoption; one: string };

function Features({ a, one, search, set, app, from, to }: Props) {
  const known = search.names.filter((n) => a.features.some((f) => f.name === n));
  const chosen = known.length > 0 ? known : a.features.slice(0, 3).map((f) => f.name);
  const shown = chosen.flatMap((n) => a.features.filter((f) => f.name === n));
  const toggle = (name: string) => {
    const next = chosen.includes(name) ? chosen.filter((n) => n !== name) : [...chosen, name].slice(-most);
    set({ name: next.length > 0 ? next : undefined });
  };
  return (
    <>
      <Over shown={shown} one={one} search={search} from={from} to={to} />
      <section className="panel" aria-labelledby="features">
        <div className="panel-head">
          <h2 id="features">The {a.features.length} most used</h2>
          <span className="small muted">of {people(a.actives)} people active in this time</span>
        </div>
        <div className="scroll-x" tabIndex={0} role="region" aria-label="Table of features">
          <table className={`table ${css.features}`}>
            <thead>
              <tr>
                <th scope="col">
                  <span className="vh">Draw</span>
                </th>
                <th scope="col">{one.charAt(0).toUpperCase() + one.slice(1)}</th>
                <th scope="col" className="r">
                  Share of people
                </th>
                <th scope="col" className="r">
                  People
                </th>
                <th scope="col" className="r">
                  Events
                </th>
                <th scope="col">
                  <span className="vh">KPI</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {a.features.map((f) => (
                <tr key={f.name}>
                  <td>
                    <input
                      type="checkbox"
                      aria-label={`Draw ${f.name}`}
                      checked={chosen.includes(f.name)}
                      onChange={() => toggle(f.name)}
                    />
                  </td>
                  <th scope="row">
                    <code>{f.name}</code>
                  </th>
                  <td className="r">
                    <span className={css.share}>
                      <span
                        className={css.fill}
                        aria-hidden="true"
                        style={{ width: `${100 * Math.max(0, f.share ?? 0)}%` }}
                      />
                    </span>
                    <span className={css.pct}>{f.people !== null && f.people < 0 ? 'few' : percent(f.share)}</span>
                  </td>
                  <td className="r">{people(f.people)}</td>
                  <td className="r">{compact(f.events)}</td>
                  <td className="r">
                    <MakeKpi
                      of={`Use of ${f.name}`}
                      ask={{
                        view: 'adoption',
                        kind: search.kind,
                        feature: f.name,
                        ...app,
                        ...(f.share ? { value: f.share } : {}),
                      }}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <Notes notes={a.notes} />
      </section>
      {search.kind === 'release' ? null : <Releases shown={shown} />}
    </>
  );
}

function Over({ shown, one, search, from, to }: { shown: Feature[]; one: string } & Pick3) {
  const now = useNow(60_000);
  const changes = useQuery(changesQuery(from, to)).data ?? [];
  const days = [...new Set(shown.flatMap((f) => f.points.map((p) => p.at)))].sort((x, y) => x - y);
  const values = (f: Feature) => {
    const of = new Map(f.points.map((p) => [p.at, p.people < 0 ? -1 : p.share]));
    return days.map((d) => of.get(d) ?? null);
  };
  const trend = {
    what: `Share of each day’s people who use it, by ${one}`,
    period: 'day' as const,
    at: days,
    whole: days.map((d) => periodEnd(d, 'day') <= now),
    lines: shown.map((f) => ({ name: f.name, values: values(f) })),
    show: percent,
    marks: changes
      .filter((c) => c.letter === 'D' || c.letter === 'F')
      .map((c) => ({ at: c.at, letter: c.letter, title: c.title })),
  };
  return (
    <section className="panel" aria-labelledby="over">
      <div className="panel-head">
        <h2 id="over">{trend.what}</h2>
        {trend.marks.length > 0 ? (
          <span className="small muted">D deploy, F flag: the newest is “{trend.marks.at(-1)?.title}”</span>
        ) : null}
      </div>
      {days.length === 0 ? (
        <p className="muted small">No daily numbers are kept of this choice.</p>
      ) : search.table ? (
        <TrendTable {...trend} />
      ) : (
        <Trend {...trend} />
      )}
    </section>
  );
}
type Pick3 = { search: Props['search']; from: number; to: number };

/** The same features among the people who had a release. */
function Releases({ shown }: { shown: Feature[] }) {
  const rows = shown.flatMap((f) => f.releases.map((r) => ({ ...r, name: f.name })));
  if (rows.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="releases">
      <div className="panel-head">
        <h2 id="releases">By release</h2>
        <span className="small muted">of the people who had the release on the same day</span>
      </div>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Table of releases">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Feature</th>
              <th scope="col">Release</th>
              <th scope="col" className="r">
                Share
              </th>
              <th scope="col" className="r">
                People
              </th>
              <th scope="col" className="r">
                Of
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((r) => (
              <tr key={`${r.name} ${r.release}`}>
                <th scope="row">
                  <code>{r.name}</code>
                </th>
                <td>
                  <code>{r.release || 'none'}</code>
                </td>
                <td className="r">{r.people < 0 || r.of < 0 ? 'few' : percent(r.share)}</td>
                <td className="r">{people(r.people)}</td>
                <td className="r">{people(r.of)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
