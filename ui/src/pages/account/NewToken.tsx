import { Button, Checkbox, TextInput } from '../../components/kit';
import { useState } from 'react';
import { useCreateToken, type Grant, type Me } from '../../api/people';
import { Copy } from '../../components/Copy';
import { Dialog } from '../../components/Dialog';
import { Segments } from '../../components/Segments';
import { LightShape } from '../../light/Light';
import { exact, lengthWords } from '../../time/format';
import { useZone } from '../../time/zone';
import { Fault } from '../people/Fault';
import form from '../people/Form.module.css';
import { GrantsField } from '../people/Grants';
import { roleIds } from '../people/roles';

const day = 86_400_000;
const lengths = [30, 90, 365] as const;

/** A token for a program: what it may do, for how long; then its secret, once. */
export function NewToken({ me, onClose }: { me: Me; onClose: () => void }) {
  const zone = useZone();
  const own = [...new Set(me.grants.map((g) => g.role))];
  const first = me.grants[0];
  const [name, setName] = useState('');
  const [source, setSource] = useState('');
  const [agent, setAgent] = useState(false);
  const [grants, setGrants] = useState<Grant[]>([{ role: first?.role ?? 'developer', scope: first?.scope ?? '' }]);
  const [days, setDays] = useState<number>(90);
  const [tried, setTried] = useState(false);
  const [opened] = useState(() => Date.now());
  const create = useCreateToken();
  const ends = opened + days * day;
  if (create.data) {
    return (
      <Dialog title={`Token ${create.data.name}`} size={560} onClose={onClose}>
        <div className={form.form}>
          <div className={form.secret}>
            <p>
              <LightShape state="yellow" size={18} />
              <strong>Copy the secret now. It is shown this once and nobody can read it again.</strong>
            </p>
            <Copy text={create.data.secret} label="the secret" />
          </div>
          <p className="muted small">
            Send it as <code>Authorization: Bearer …</code>. It ends {exact(create.data.expires_at, zone)}.
          </p>
          <div className={form.buttons}>
            <Button variant="filled" onClick={onClose}>
              I have copied it
            </Button>
          </div>
        </div>
      </Dialog>
    );
  }
  const submit = (e: React.SyntheticEvent) => {
    e.preventDefault();
    setTried(true);
    if (name.trim() === '' || grants.length === 0) return;
    create.mutate({ name: name.trim(), grants, agent, pushes_as: source.trim(), expires_at: ends });
  };
  return (
    <Dialog title="New token" onClose={onClose}>
      <form className={form.form} onSubmit={submit} noValidate>
        <TextInput
          label="Name"
          description="What will use it: it stands on the audit trail beside what it does."
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          error={tried && name.trim() === '' ? 'Name what will use it.' : undefined}
          maxLength={128}
          required
          data-autofocus
        />
        <GrantsField
          legend="What it may do"
          value={grants}
          onChange={setGrants}
          only={own.length === 0 || own.includes('admin') || me.kind === 'start' ? roleIds : own}
        />
        {tried && grants.length === 0 ? <Fault error="Give it at least one role." /> : null}
        <TextInput
          label="Source"
          description="Data that comes with this token is from this source. Leave it empty for a token that only asks."
          value={source}
          onChange={(e) => setSource(e.currentTarget.value)}
          maxLength={128}
        />
        <Checkbox
          checked={agent}
          onChange={(e) => setAgent(e.currentTarget.checked)}
          label="An AI agent uses it"
          description="Its changes are marked as an agent’s. Like every token it may propose, never approve."
        />
        <div>
          <p className={form.label} id="ends">
            Ends after
          </p>
          <Segments
            label="Ends after"
            items={lengths.map((d) => ({ value: String(d), label: lengthWords(d * day), pressed: d === days }))}
            onPick={(v) => setDays(Number(v))}
          />
          <p className={form.hint}>{exact(ends, zone)}</p>
        </div>
        <Fault error={create.error} />
        <div className={form.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" loading={create.isPending}>
            Create the token
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
