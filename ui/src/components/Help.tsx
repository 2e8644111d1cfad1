import { Switch } from './kit';
import { useQuery } from '@tanstack/react-query';
import { meQuery, signOut, useStatus } from '../api/status';
import { setKeysEnabled, useKeysEnabled } from '../keys/keys';
import { LightShape } from '../light/Light';
import { states, wordOf, type StateName } from '../light/light';
import { Dialog } from './Dialog';
import css from './Help.module.css';

const shortcuts: [string, [string[], string][]][] = [
  [
    'Everywhere',
    [
      [['?'], 'This help'],
      [['/'], 'Find (also Ctrl K)'],
      [['G', 'B'], 'Go to the board'],
      [['G', 'A'], 'Go to the alerts'],
      [['G', 'E'], 'Go to Explore'],
      [['G', 'U'], 'Go to usage'],
      [['G', 'S'], 'Go to the sources'],
      [['G', 'P'], 'Go to the policies'],
      [['Esc'], 'Back, or clear'],
    ],
  ],
  [
    'Board',
    [
      [['J'], 'Next tile'],
      [['K'], 'Tile before'],
      [['Enter'], 'Open the tile'],
      [['W'], 'Wallboard'],
    ],
  ],
  [
    'KPI and Explore',
    [
      [['T'], 'Table or chart'],
      [['D'], '24 hours; W 7 days, M 28 days'],
      [['['], 'Earlier; ] later'],
      [['X'], 'Compare with the week before'],
      [['E'], 'To the evidence of a KPI'],
      [['←'], 'In a chart: point by point; Home, End'],
      [['C'], 'In a chart: next change'],
    ],
  ],
  [
    'Logs, traces, errors',
    [
      [['I'], 'Into the search box'],
      [['J'], 'Next line; K the one before'],
      [['Enter'], 'Open the line, trace or error'],
      [['C'], 'Lines around the line'],
      [['T'], 'To the trace of the line; else table or chart'],
      [['L'], 'Live tail; P pauses it'],
      [['R'], 'Ask again'],
      [['Shift', '←'], 'In a chart: choose a span; Enter narrows to it'],
      [['→'], 'In a trace: unfold; ← folds'],
    ],
  ],
  ['Alerts', [[['N'], 'New silence']]],
];

const meanings: Record<StateName, string> = {
  red: 'The red band for as many datapoints as the policy says, or the error budget burns fast.',
  yellow: 'The yellow band, a slow burn, or little budget left.',
  grey: 'The newest datapoint is missing or too few samples came: never green, never zero.',
  paused: 'A silence covers it. Data is still recorded and shown.',
  green: 'The newest datapoint is real and no band and no burn alarms.',
};

/** What the shapes mean and which keys do what. */
export function Help({ onClose }: { onClose: () => void }) {
  const on = useKeysEnabled();
  const status = useStatus();
  const me = useQuery(meQuery).data;
  return (
    <Dialog title="Help" size={760} onClose={onClose}>
      <div className={css.help}>
        <section>
          <h3>States, worst first</h3>
          <ul className={css.states}>
            {states.map((s) => (
              <li key={s}>
                <LightShape state={s} size={20} />
                <span>
                  <strong>{wordOf(s)}.</strong> {meanings[s]}
                </span>
              </li>
            ))}
          </ul>
          <p className="fine">
            In the strip of 30 days a bar is low when on target, middle at risk, high when breached, and dashed without
            data.
          </p>
        </section>
        <section>
          <h3>Keys</h3>
          <Switch
            checked={on}
            onChange={(e) => setKeysEnabled(e.currentTarget.checked)}
            label="Single-key shortcuts"
            description="Never in a field. Ctrl K works either way."
          />
          <div className={css.tables}>
            {shortcuts.map(([name, rows]) => (
              <table key={name} className={css.table} data-off={!on || undefined}>
                <caption>{name}</caption>
                <tbody>
                  {rows.map(([keys, what]) => (
                    <tr key={what}>
                      <th scope="row">
                        {keys.map((k) => (
                          <kbd key={k}>{k}</kbd>
                        ))}
                      </th>
                      <td>{what}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            ))}
          </div>
        </section>
        <p className="fine">
          {me ? `Signed in as ${me.name}. ` : ''}
          {me?.via === 'cookie' ? (
            <button type="button" className={css.out} onClick={() => void signOut()}>
              Sign out
            </button>
          ) : null}{' '}
          {status ? `signalbox ${status.version}. ` : ''}
          The API is described at <a href="/api/signalbox/openapi.json">/api/signalbox/openapi.json</a>.
        </p>
      </div>
    </Dialog>
  );
}
