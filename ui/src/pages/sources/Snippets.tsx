import browserApp from '../../../../examples/instrument/browser/app.js?raw';
import browserPage from '../../../../examples/instrument/browser/index.html?raw';
import collector from '../../../../examples/instrument/collector/config.yaml?raw';
import goMain from '../../../../examples/instrument/go/main.go?raw';
import nodeApp from '../../../../examples/instrument/node/app.js?raw';
import nodePackage from '../../../../examples/instrument/node/package.json?raw';
import nodeSignals from '../../../../examples/instrument/node/signals.js?raw';
import pythonApp from '../../../../examples/instrument/python/app.py?raw';
import pythonNeeds from '../../../../examples/instrument/python/requirements.txt?raw';
import pythonSignals from '../../../../examples/instrument/python/signals.py?raw';
import syslog from '../../../../examples/instrument/syslog/rsyslog.conf?raw';
import { Copy } from '../../components/Copy';
import { Segments } from '../../components/Segments';
import css from './Sources.module.css';

// The examples of the house as they are tested, one source for page and repository.

type File = [string, string];
const ways: { value: string; label: string; sends: string; files: File[] }[] = [
  { value: 'go', label: 'Go', sends: 'metrics, traces, logs and events', files: [['main.go', goMain]] },
  {
    value: 'python',
    label: 'Python',
    sends: 'traces, logs and events',
    files: [
      ['signals.py', pythonSignals],
      ['app.py', pythonApp],
      ['requirements.txt', pythonNeeds],
    ],
  },
  {
    value: 'node',
    label: 'Node',
    sends: 'traces, logs and events',
    files: [
      ['signals.js', nodeSignals],
      ['app.js', nodeApp],
      ['package.json', nodePackage],
    ],
  },
  {
    value: 'browser',
    label: 'Browser',
    sends: 'page views, clicks, web vitals, errors and events',
    files: [
      ['index.html', browserPage],
      ['app.js', browserApp],
    ],
  },
  {
    value: 'collector',
    label: 'Collector',
    sends: 'what an OpenTelemetry Collector receives',
    files: [['config.yaml', collector]],
  },
  { value: 'syslog', label: 'Syslog', sends: 'logs', files: [['rsyslog.conf', syslog]] },
];

/** How a service is connected, to copy, each in its language. */
export function Snippets({ base, chosen, onPick }: { base: string; chosen: string; onPick: (v: string) => void }) {
  const way = ways.find((w) => w.value === chosen) ?? ways[0];
  if (!way) return null;
  return (
    <>
      <div className={css.ways}>
        <Segments
          label="Language"
          items={ways.map((w) => ({ value: w.value, label: w.label, pressed: w.value === way.value }))}
          onPick={onPick}
        />
        <span className="small muted">sends {way.sends}</span>
      </div>
      <p className="small">
        Set <code>SIGNALBOX_URL={base}</code>, and from another machine <code>SIGNALBOX_TOKEN</code> to a token with the
        role developer.
      </p>
      {way.files.map(([name, text]) => (
        <div key={name} className={css.file}>
          <h3>{name}</h3>
          <Copy text={text} label={name} block />
        </div>
      ))}
    </>
  );
}
