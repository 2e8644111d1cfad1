import { Button, TextInput } from '../../components/kit';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Dialog } from '../../components/Dialog';
import { Segments } from '../../components/Segments';
import { Ago } from '../../time/Ago';
import { readDraft, writeDraft } from '../policy/drafts';
import { kpiYaml, slug } from './makeKpi';
import css from './MakeKpi.module.css';

const key = 'new/KPI';

/** Asks what the KPI shall count, shows the document, and hands it to the policy editor as a draft. */
export function MakeKpi({
  title,
  of,
  total,
  what,
  left = [],
  onClose,
}: {
  title: string;
  /** Selector of what is counted. */
  of: string;
  /** Selector of what it is a share of. */
  total: string;
  /** What the rows are called: "lines". */
  what: string;
  /** What a selector cannot say of the search. */
  left?: readonly string[];
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const [kind, setKind] = useState<'rate' | 'ratio'>(of === total ? 'rate' : 'ratio');
  const [name, setName] = useState(title);
  const [old] = useState(() => readDraft(key));
  const text = kpiYaml({ kind, name: slug(name), title: name, of, total });
  return (
    <Dialog title="Make this a KPI" size={720} onClose={onClose}>
      <form
        className={css.form}
        onSubmit={(e) => {
          e.preventDefault();
          writeDraft(key, { text, title: '', reason: '', effective: '', emergency: false, base: '', at: Date.now() });
          void navigate({ to: '/policy/new', search: { kind: 'KPI' } });
        }}
      >
        <TextInput
          label="What is it called?"
          description="In the reader's words; you can change it in the editor."
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
        />
        <div className={css.choice}>
          <Segments
            label="What is measured"
            items={[
              { value: 'ratio', label: 'Share of all', pressed: kind === 'ratio' },
              { value: 'rate', label: 'How many a second', pressed: kind === 'rate' },
            ]}
            onPick={setKind}
          />
          <span className="small muted">
            {kind === 'ratio'
              ? `These ${what}, of all that the same service and route have.`
              : `How many of these ${what} there are a second.`}
          </span>
        </div>
        {kind === 'ratio' && of === total ? (
          <p className={css.warn}>
            Nothing tells the bad {what} from all others yet, so the share is always 100 %. Change one of the two
            selectors in the editor, or count how many a second.
          </p>
        ) : null}
        {left.length > 0 ? (
          <div>
            <p className="small">A policy cannot say all of this search. Left out:</p>
            <ul className={css.left}>
              {left.map((l) => (
                <li key={l}>{l}</li>
              ))}
            </ul>
          </div>
        ) : null}
        <pre tabIndex={0} aria-label="The document">
          {text}
        </pre>
        {old ? (
          <p className={css.warn} role="status">
            You have a draft of a new KPI from <Ago at={old.at} />. Going on replaces it.
          </p>
        ) : null}
        <div className={css.acts}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" data-autofocus>
            Go on in the policy editor
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
