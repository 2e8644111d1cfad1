import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useId, useMemo, useRef, useState } from 'react';
import { boardQuery } from '../api/board';
import { metricNamesQuery } from '../api/prom';
import { meQuery } from '../api/status';
import { LightShape } from '../light/Light';
import { stateOf, wordOf } from '../light/light';
import { Dialog } from './Dialog';
import css from './Find.module.css';
import { Icon, type IconName } from './Icon';
import { rank } from './rank';

type Hit = { id: string; title: string; detail: string; mark: React.ReactNode; go: () => void };

/** Finds a KPI, a page or a metric by any part of its name. */
export function Find({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const wanted = useDeferredValue(text);
  const board = useQuery(boardQuery).data;
  const me = useQuery(meQuery).data;
  const signals = me?.actions.includes('read_signals') ?? false;
  const metrics = useQuery({ ...metricNamesQuery, enabled: signals }).data;
  const list = useRef<HTMLUListElement>(null);
  const id = useId();

  const hits = useMemo((): Hit[] => {
    const kpis = rank(board?.tiles ?? [], wanted, (t) => `${t.title} ${t.name} ${t.owner}`, 8).map((t): Hit => ({
      id: `kpi-${t.name}`,
      title: t.title,
      detail: [
        wordOf(stateOf(t)),
        t.value === null ? '' : `${t.display.value}${t.display.unit ? `\u2009${t.display.unit}` : ''}`,
        t.owner,
      ]
        .filter(Boolean)
        .join(' · '),
      mark: <LightShape state={stateOf(t)} size={17} />,
      go: () => void navigate({ to: '/kpi/$name', params: { name: t.name } }),
    }));
    const pages: [string, string, IconName, string?][] = [
      ['Board', '/', 'board'],
      ['Alerts', '/alerts', 'bell'],
      ['Explore metrics', '/explore/metrics', 'explore', 'read_signals'],
      ['Search logs', '/explore/logs', 'explore', 'read_signals'],
      ['Search traces', '/explore/traces', 'explore', 'read_signals'],
      ['Service map', '/explore/services', 'explore', 'read_signals'],
      ['Errors', '/explore/errors', 'explore', 'read_signals'],
      ['Engagement', '/usage/engagement', 'usage', 'read_signals'],
      ['Retention', '/usage/retention', 'usage', 'read_signals'],
      ['Feature adoption', '/usage/adoption', 'usage', 'read_signals'],
      ['Funnel', '/usage/funnel', 'usage', 'read_signals'],
      ['Transaction success', '/usage/success', 'usage', 'read_signals'],
      ['Sources', '/sources', 'sources', 'read_signals'],
      ['Boards', '/boards', 'layout'],
      ['Policies', '/policy', 'policy'],
      ['Proposals', '/policy/proposals', 'policy'],
      ['Review calendar', '/policy/calendar', 'policy'],
      ['Audit trail', '/audit', 'history', 'read_audit'],
      ['Privacy requests', '/privacy', 'shield', 'read_privacy'],
      ['People and roles', '/people', 'people', 'read_people'],
      ['Account', '/account', 'person'],
      ['Wallboard', '/wall', 'tv'],
      ['First run', '/welcome', 'play'],
    ];
    const open = pages.filter(([, , , needs]) => !needs || !me || me.actions.includes(needs));
    const places = rank(open, wanted, (p) => p[0], 4).map(([title, to, icon]): Hit => ({
      id: `page-${to}`,
      title,
      detail: 'Page',
      mark: <Icon name={icon} size={17} />,
      go: () => void navigate({ to }),
    }));
    const names = wanted.trim() === '' ? [] : rank(metrics ?? [], wanted, (n) => n, 8);
    const signals = names.map((n): Hit => ({
      id: `metric-${n}`,
      title: n,
      detail: 'Metric, in Explore',
      mark: <Icon name="explore" size={17} />,
      go: () => void navigate({ to: '/explore/metrics', search: { q: [n] } }),
    }));
    return [...kpis, ...places, ...signals];
  }, [board, me, metrics, wanted, navigate]);

  const selected = Math.min(at, Math.max(0, hits.length - 1));
  const choose = (i: number) => {
    const hit = hits[i];
    if (!hit) return;
    onClose();
    hit.go();
  };
  const move = (to: number) => {
    const n = (to + hits.length) % Math.max(1, hits.length);
    setAt(n);
    list.current?.children[n]?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <Dialog title="Find" size={620} onClose={onClose}>
      <div className={css.find}>
        <input
          className={css.input}
          role="combobox"
          aria-expanded="true"
          aria-controls={`${id}list`}
          aria-activedescendant={hits[selected] ? `${id}${selected}` : undefined}
          aria-label="Find a KPI, a page or a metric"
          placeholder="A KPI, a page or a metric"
          value={text}
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          onChange={(e) => {
            setText(e.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={(e) => {
            if (e.key === 'ArrowDown') move(selected + 1);
            else if (e.key === 'ArrowUp') move(selected - 1);
            else if (e.key === 'Enter') choose(selected);
            else return;
            e.preventDefault();
          }}
        />
        <ul ref={list} id={`${id}list`} role="listbox" aria-label="Found" className={css.list}>
          {hits.map((h, i) => (
            <li
              key={h.id}
              id={`${id}${i}`}
              role="option"
              aria-selected={i === selected}
              className={css.hit}
              onMouseMove={() => setAt(i)}
              onClick={() => choose(i)}
            >
              {h.mark}
              <span className={css.title}>{h.title}</span>
              <span className="fine">{h.detail}</span>
            </li>
          ))}
        </ul>
        {hits.length === 0 ? (
          <p className="muted small" role="status">
            Nothing is named like that.
          </p>
        ) : null}
      </div>
    </Dialog>
  );
}
