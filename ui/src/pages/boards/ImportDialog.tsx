import { Button } from '../../components/kit';
import { useId, useState } from 'react';
import { useImport, type Proposed, type ReportLine } from '../../api/boards';
import { Dialog } from '../../components/Dialog';
import { LightLabel } from '../../light/Light';
import type { StateName } from '../../light/light';
import { Fault } from '../people/Fault';
import form from '../people/Form.module.css';
import css from './Boards.module.css';
import { ProposeDialog, ProposedNote } from './ProposeDialog';

/** What becomes of a part, the worst first. */
const outcomes: Record<string, [StateName, string]> = {
  'not carried over': ['red', 'Lost'],
  changed: ['yellow', 'Changed'],
  imported: ['green', 'Imported'],
};
const order = Object.keys(outcomes);

/** Dashboards of Grafana as boards: what would come over and what would be lost, before anything is proposed. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const id = useId();
  const read = useImport();
  const [fault, setFault] = useState('');
  const [proposing, setProposing] = useState(false);
  const [proposed, setProposed] = useState<Proposed | null>(null);
  const take = async (list: FileList | null) => {
    const files: Record<string, string> = {};
    setFault('');
    setProposed(null);
    for (const f of list ?? []) {
      if (f.size > 4 * 2 ** 20) {
        setFault(`${f.name} has ${Math.ceil(f.size / 2 ** 20)} MiB; at most 4 are read.`);
        return;
      }
      files[f.name] = await f.text();
    }
    if (Object.keys(files).length > 0) read.mutate(files);
  };
  const texts = read.data?.documents.map((d) => d.text) ?? [];
  if (proposing) {
    const names = read.data?.documents.map((d) => d.name).join(', ') ?? '';
    return (
      <ProposeDialog
        start={`Import ${names} from Grafana`}
        texts={texts}
        onDone={(p) => {
          setProposed(p);
          setProposing(false);
        }}
        onClose={() => setProposing(false)}
      />
    );
  }
  return (
    <Dialog title="Import from Grafana" size={760} onClose={onClose}>
      <div className={form.form}>
        <div>
          <label className={form.label} htmlFor={id}>
            Dashboards as JSON files
          </label>
          <input
            id={id}
            className={css.file}
            type="file"
            accept=".json,application/json"
            multiple
            onChange={(e) => void take(e.currentTarget.files)}
          />
          <p className={form.hint}>In Grafana: Share, Export, Save to file. Nothing is stored until you propose it.</p>
        </div>
        <Fault error={fault === '' ? read.error : fault} />
        {read.isPending ? <p role="status">Reading…</p> : null}
        {read.data ? (
          <>
            <p role="status">
              <strong>
                {read.data.documents.length === 0
                  ? 'No board came out of it.'
                  : read.data.documents.length === 1
                    ? `One board: ${read.data.documents[0]?.name ?? ''}.`
                    : `${read.data.documents.length} boards.`}
              </strong>{' '}
              {summary(read.data.report)}
            </p>
            <Report lines={read.data.report} />
            {read.data.documents.map((d) => (
              <details key={d.name} className={css.document}>
                <summary>{d.name} as a document</summary>
                <pre tabIndex={0}>{d.text}</pre>
              </details>
            ))}
          </>
        ) : null}
        {proposed ? <ProposedNote proposed={proposed} /> : null}
        <div className={form.buttons}>
          <Button onClick={onClose}>{proposed ? 'Done' : 'Cancel'}</Button>
          {proposed ? null : (
            <Button variant="filled" disabled={texts.length === 0} onClick={() => setProposing(true)}>
              Propose {texts.length > 1 ? 'the boards' : 'the board'}
            </Button>
          )}
        </div>
      </div>
    </Dialog>
  );
}

function summary(lines: ReportLine[]): string {
  const n = (o: string) => lines.filter((l) => l.outcome === o).length;
  return `Of its parts ${n('imported')} mean the same here, ${n('changed')} changed, ${n('not carried over')} got lost.`;
}

function Report({ lines }: { lines: ReportLine[] }) {
  const sorted = [...lines].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
  if (sorted.length === 0) return null;
  return (
    <div className={css.report} tabIndex={0} role="region" aria-label="What became of each part">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Outcome</th>
            <th scope="col">Part</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((l, i) => {
            const [state, word] = outcomes[l.outcome] ?? (['grey', l.outcome] as const);
            return (
              <tr key={i}>
                <td>
                  <LightLabel state={state} word={word} size={14} />
                </td>
                <td>
                  {l.what}
                  <span className={css.where}>
                    {l.file}
                    {l.line > 0 ? `:${l.line}` : ''} {l.path}
                  </span>
                </td>
                <td>{l.why}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
