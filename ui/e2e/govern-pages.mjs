// The pages of governance, for the walk, the scan and the photographs.

/** Every page of policies, proposals and reviews; what names a proposal of the mock is shown against the mock only. */
export function governPages(kpi) {
  return [
    { name: 'policies', path: '/policy', ready: 'table, h2' },
    { name: 'policies-overdue', path: '/policy?show=overdue' },
    { name: 'policy', path: `/policy/KPI/${kpi}`, ready: 'section[aria-labelledby=revisions] li' },
    {
      name: 'policy-diff',
      mock: true,
      path: `/policy/KPI/${kpi}?diff=1-3`,
      ready: 'section[aria-labelledby=revisions] table',
    },
    {
      name: 'policy-review',
      mock: true,
      path: `/policy/KPI/${kpi}`,
      act: (page) => page.getByRole('button', { name: 'Mark as reviewed' }).click(),
      ready: '[role=dialog]',
    },
    { name: 'policy-unknown', path: '/policy/KPI/there-is-none' },
    { name: 'policy-new', path: '/policy/new?kind=KPI', ready: '.cm-content' },
    {
      name: 'policy-edit',
      mock: true,
      path: `/policy/KPI/${kpi}/edit?feedback=3`,
      act: misspell,
      ready: '.cm-lintRange',
    },
    { name: 'proposals', path: '/policy/proposals' },
    { name: 'proposals-closed', path: '/policy/proposals?state=closed' },
    { name: 'proposal', mock: true, path: '/policy/proposals/41', ready: 'canvas' },
    { name: 'proposal-table', mock: true, path: '/policy/proposals/41?view=table', ready: '[aria-label=Periods]' },
    { name: 'proposal-approve', mock: true, path: '/policy/proposals/41', act: openApprove, ready: '[role=dialog]' },
    { name: 'proposal-own', mock: true, path: '/policy/proposals/42' },
    { name: 'proposal-stale', mock: true, path: '/policy/proposals/40', ready: 'canvas' },
    { name: 'proposal-emergency', mock: true, path: '/policy/proposals/43' },
    { name: 'proposal-rejected', mock: true, path: '/policy/proposals/38' },
    { name: 'calendar', path: '/policy/calendar' },
  ];
}

async function misspell(page) {
  await page.evaluate(() => localStorage.clear());
  await page.reload();
  const field = page.getByRole('textbox', { name: 'Breached when' });
  await field.fill('2,5 per cent');
  await page.getByRole('list', { name: 'Findings' }).waitFor();
}

async function openApprove(page) {
  await page.getByRole('button', { name: 'Approve proposal' }).click();
}
