import { Textarea, TextInput } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { boardQuery } from '../../api/board';
import { Icon } from '../../components/Icon';
import { Segments } from '../../components/Segments';
import form from '../people/Form.module.css';
import css from './Boards.module.css';
import type { PanelForm } from './text';

export const kinds: Record<PanelForm['kind'], string> = {
  kpi: 'One KPI',
  kpis: 'Several KPIs',
  promql: 'Query',
  text: 'Text',
};

/** The form of one panel. */
export function PanelFields({ value: f, onChange }: { value: PanelForm; onChange: (f: PanelForm) => void }) {
  const id = useId();
  const tiles = useQuery(boardQuery).data?.tiles ?? [];
  const names = tiles.map((t) => ({ name: t.name, title: t.title })).sort((a, b) => a.title.localeCompare(b.title));
  const options = (chosen: readonly string[]) =>
    names
      .filter((n) => !chosen.includes(n.name))
      .map((n) => (
        <option key={n.name} value={n.name}>
          {n.title}
        </option>
      ));
  return (
    <div className={form.form}>
      <div>
        <label className={form.label} htmlFor={`${id}k`}>
          Shows
        </label>
        <select
          id={`${id}k`}
          className={form.field}
          value={f.kind}
          onChange={(e) => onChange({ ...f, kind: e.currentTarget.value as PanelForm['kind'] })}
        >
          {Object.entries(kinds).map(([k, word]) => (
            <option key={k} value={k}>
              {word}
            </option>
          ))}
        </select>
      </div>
      {f.kind === 'kpi' ? (
        <div>
          <label className={form.label} htmlFor={`${id}n`}>
            KPI
          </label>
          <select
            id={`${id}n`}
            className={form.field}
            value={f.kpi}
            onChange={(e) => onChange({ ...f, kpi: e.currentTarget.value })}
          >
            {f.kpi === '' || !names.some((n) => n.name === f.kpi) ? (
              <option value={f.kpi}>{f.kpi === '' ? 'choose one' : f.kpi}</option>
            ) : null}
            {options([])}
          </select>
        </div>
      ) : null}
      {f.kind === 'kpis' ? (
        <div>
          <label className={form.label} htmlFor={`${id}m`}>
            Add a KPI
          </label>
          <select
            id={`${id}m`}
            className={form.field}
            value=""
            onChange={(e) => {
              if (e.currentTarget.value !== '') onChange({ ...f, kpis: [...f.kpis, e.currentTarget.value] });
            }}
          >
            <option value="">choose</option>
            {options(f.kpis)}
          </select>
          <ul className={css.chosen}>
            {f.kpis.map((k) => (
              <li key={k}>
                {names.find((n) => n.name === k)?.title ?? k}
                <button
                  type="button"
                  className={form.quiet}
                  aria-label={`Remove ${k}`}
                  onClick={() => onChange({ ...f, kpis: f.kpis.filter((x) => x !== k) })}
                >
                  <Icon name="x" size={13} />
                </button>
              </li>
            ))}
          </ul>
        </div>
      ) : null}
      {f.kind === 'promql' ? <Queries value={f} onChange={onChange} /> : null}
      {f.kind === 'text' ? (
        <Textarea
          label="Text"
          description="Markdown; the preview shows it plain."
          value={f.text}
          rows={5}
          maxLength={20_000}
          onChange={(e) => onChange({ ...f, text: e.currentTarget.value })}
        />
      ) : null}
      <TextInput
        label="Title"
        description={f.kind === 'kpi' || f.kind === 'kpis' ? 'The KPI’s own unless stated.' : undefined}
        value={f.title}
        maxLength={200}
        onChange={(e) => onChange({ ...f, title: e.currentTarget.value })}
      />
      <div>
        <p className={form.label}>Width, in columns of three</p>
        <Segments
          label="Width"
          items={['1', '2', '3'].map((w) => ({ value: w, label: w, pressed: String(f.width) === w }))}
          onPick={(w) => onChange({ ...f, width: Number(w) })}
        />
      </div>
    </div>
  );
}

function Queries({ value: f, onChange }: { value: PanelForm; onChange: (f: PanelForm) => void }) {
  const list = f.queries.length === 0 ? [{ expr: '', legend: '' }] : f.queries;
  const set = (i: number, patch: Partial<{ expr: string; legend: string }>) =>
    onChange({ ...f, queries: list.map((q, j) => (j === i ? { ...q, ...patch } : q)) });
  return (
    <>
      {list.map((q, i) => (
        <fieldset key={i} className={form.set}>
          <legend className={form.label}>{list.length === 1 ? 'Query' : `Query ${i + 1}`}</legend>
          <Textarea
            aria-label={`PromQL ${i + 1}`}
            placeholder="sum(rate(http_requests_total[5m])) by (service)"
            value={q.expr}
            rows={2}
            spellCheck={false}
            autoCapitalize="none"
            classNames={{ input: css.mono ?? '' }}
            onChange={(e) => set(i, { expr: e.currentTarget.value.replaceAll('\n', ' ') })}
          />
          <div className={css.line}>
            <TextInput
              aria-label={`Legend ${i + 1}`}
              placeholder="{{service}}"
              value={q.legend}
              onChange={(e) => set(i, { legend: e.currentTarget.value })}
            />
            {list.length > 1 ? (
              <button
                type="button"
                className={form.quiet}
                aria-label={`Remove query ${i + 1}`}
                onClick={() => onChange({ ...f, queries: list.filter((_, j) => j !== i) })}
              >
                <Icon name="x" size={14} />
              </button>
            ) : null}
          </div>
        </fieldset>
      ))}
      <button
        type="button"
        className={`${form.quiet} ${form.add}`}
        onClick={() => onChange({ ...f, queries: [...list, { expr: '', legend: '' }] })}
      >
        <Icon name="plus" size={14} /> Add a query
      </button>
      <TextInput
        label="Unit"
        description="seconds, bytes, percent, count or a word of your own."
        value={f.unit}
        maxLength={64}
        onChange={(e) => onChange({ ...f, unit: e.currentTarget.value })}
      />
    </>
  );
}
