import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { text } from '../../../dev/boards.mjs';
import { me } from '../../../dev/people.mjs';
import { now, renderApp } from '../../../test/app';
import { panelsOf, substituted } from './preview';
import { varsOf, userBoardSearch } from './search';
import { join, readPanel, slug, split, starter, writePanel, yaml } from './text';

vi.mock('../../chart/TimeChart', () => ({
  TimeChart: ({ sentence }: { sentence: string }) => <div role="group" aria-label={sentence} />,
}));

const signedIn = { 'GET /me': () => ({ body: me(now) }) };

function parts(of = text) {
  const p = split(of);
  if (!p) throw new Error('the document cannot be taken apart');
  return p;
}

describe('the document of a board', () => {
  it('comes back byte by byte', () => {
    expect(join(parts())).toBe(text);
    const wide = text.replace(/^panels:$/m, 'panels: # what it shows') + '# the end\nteams: [filing]\n';
    expect(join(parts(wide))).toBe(wide);
  });

  it('keeps each comment with the panel that it stands before', () => {
    const p = parts();
    expect(p.panels).toHaveLength(6);
    expect(p.head).toContain('# The team asked');
    expect(p.panels[1]).toContain('# This one is the promise to Congress.');
    const moved = join({ ...p, panels: [...p.panels].reverse() });
    expect(moved).toContain('  # This one is the promise to Congress.\n  - kpi: efile-error-rate');
  });

  it('reads panels as they are written, and says when it cannot', () => {
    const forms = parts().panels.map(readPanel);
    expect(forms[0]).toMatchObject({ kind: 'text', width: 3 });
    expect(forms[0]?.text).toBe('Call the filing desk at extension 4410 before you\nchange anything in season.');
    expect(forms[3]).toMatchObject({ kind: 'kpis', kpis: ['refunds-on-time'] });
    expect(forms[4]).toMatchObject({ kind: 'promql', unit: 'per second', width: 2 });
    expect(forms[4]?.queries[0]?.legend).toBe('{{job}}');
    expect(forms[5]).toBeNull();
    expect(readPanel('  - kpis:\n      match: [\'team="efile"\']')).toBeNull();
  });

  it('writes what it reads', () => {
    for (const block of parts().panels) {
      const form = readPanel(block);
      if (form) expect(readPanel(writePanel(form, 2, block))).toEqual(form);
    }
    const nasty = { ...parts().panels.map(readPanel)[0] } as NonNullable<ReturnType<typeof readPanel>>;
    for (const title of ["it's: 5 % # of", '"quoted"', 'yes', '- dash', ' padded ', '{a}', '100']) {
      expect(readPanel(writePanel({ ...nasty, title }, 2))?.title).toBe(title);
    }
    expect(readPanel(writePanel({ ...nasty, text: '# Head\n\n  code\nend' }, 2))?.text).toBe('# Head\n\n  code\nend');
  });

  it('leaves alone what it cannot take apart', () => {
    expect(split('kind: Board\npanels: [{kpi: a}]\n')).toBeNull();
    expect(parts(starter('a', 'A: b', 'me')).panels).toHaveLength(1);
    expect(yaml('A: b')).toBe("'A: b'");
    expect(slug('Filing season, 2026!')).toBe('filing-season-2026');
  });

  it('puts chosen values into a preview', () => {
    expect(substituted('up{a="$x",b!="${y}"}', { x: 'p"q', y: '' })).toBe('up{a="p\\"q",b!~""}');
    expect(substituted('up{a="$x"}', { x: '' })).toBe('up{a=~".*"}');
    const form = readPanel('  - text: <b>hi</b>');
    expect(form && panelsOf(form, {})[0]?.html).toBe('&lt;b&gt;hi&lt;/b&gt;');
    expect(varsOf(userBoardSearch({ 'var.agency': '*', 'var.env': 'prod', 'var.no-name': 'x' }))).toEqual({
      agency: '',
      env: 'prod',
    });
  });
});

describe('a board', () => {
  it('shows tiles, charts, numbers, text, and what is not there', async () => {
    renderApp('/boards/filing-season', { extra: signedIn });
    expect(await screen.findByRole('heading', { level: 1, name: 'Filing season' })).toBeTruthy();
    expect(await screen.findByRole('heading', { level: 3, name: 'E-file error rate' })).toBeTruthy();
    expect(screen.getByText('filing desk').tagName).toBe('STRONG');
    expect(screen.getByRole('region', { name: 'was-renamed' }).textContent).toContain('is not there');
  });

  it('keeps the choice of a variable in the address and asks the server with it', async () => {
    const { router, calls } = renderApp('/boards/filing-season', { extra: signedIn });
    await userEvent.selectOptions(await screen.findByRole('combobox', { name: 'agency' }), 'SSA');
    await waitFor(() => expect(router.state.location.search).toMatchObject({ 'var.agency': 'SSA' }));
    await waitFor(() => expect(calls.some((c) => c.query.get('var') === 'agency=SSA')).toBe(true));
  });

  it('is edited by keyboard and proposed with a reason', async () => {
    const { calls } = renderApp('/boards/filing-season?edit=on', { extra: signedIn });
    await userEvent.click(await screen.findByRole('button', { name: 'Move panel 2 down' }));
    expect(screen.getByText('Moved to place 3 of 6')).toBeTruthy();
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Move panel 3 down');
    await userEvent.click(screen.getByRole('button', { name: 'Add a panel' }));
    await userEvent.selectOptions(screen.getByRole('combobox', { name: 'KPI' }), 'host-disk');
    await userEvent.click(screen.getByRole('button', { name: 'Propose' }));
    const dialog = await screen.findByRole('dialog', { name: 'Propose the change' });
    await userEvent.click(within(dialog).getByRole('button', { name: 'Propose' }));
    expect(within(dialog).getByText('Say why, in a few words.')).toBeTruthy();
    await userEvent.type(within(dialog).getByRole('textbox', { name: /Why/ }), 'Disk matters');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Propose' }));
    expect(await screen.findByRole('link', { name: 'Proposal 42' })).toBeTruthy();
    const sent = calls.find((c) => c.method === 'POST' && c.path === '/proposals')?.body as {
      documents: { text: string }[];
      reason: string;
    };
    expect(sent.reason).toBe('Disk matters');
    expect(sent.documents[0]?.text).toContain('- kpi: host-disk');
    expect(sent.documents[0]?.text).toContain('# This one is the promise to Congress.');
  });

  it('comes from Grafana with a report of what was lost', async () => {
    renderApp('/boards?make=import', { extra: signedIn });
    const dialog = await screen.findByRole('dialog', { name: 'Import from Grafana' });
    const file = new File(['{}'], 'web.json', { type: 'application/json' });
    await userEvent.upload(within(dialog).getByLabelText('Dashboards as JSON files'), file);
    expect(await within(dialog).findByRole('row', { name: /Lost Threshold colours/ })).toBeTruthy();
    expect(within(dialog).getByText(/One board: web-overview/)).toBeTruthy();
  });

  it('says what it would show while there is none', async () => {
    renderApp('/boards', { extra: { ...signedIn, 'GET /boards': () => ({ body: { boards: [] } }) } });
    expect(await screen.findByText('No board has been made yet')).toBeTruthy();
    expect(screen.getByRole('button', { name: 'New board' })).toBeTruthy();
  });
});
