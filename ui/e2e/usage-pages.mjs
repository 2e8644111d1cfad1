// The pages of usage, privacy and sources per signal, for the scan and the photographs.

const steps = ['filing_started', 'filing_submitted', 'filing_accepted'].map((s) => `step=name%3A${s}`).join('&');
const success = 'start=name%3Afiling_submitted&end=name%3Afiling_accepted';

/** Every view of usage with its states; what needs events is shown against the mock only. */
export function usagePages() {
  return [
    { name: 'engagement', path: '/usage/engagement' },
    { name: 'engagement-table', path: '/usage/engagement?view=table&period=month&metric=median' },
    { name: 'retention', path: '/usage/retention' },
    { name: 'retention-people', path: '/usage/retention?view=table&cohort=recurring&rule=on-or-after' },
    { name: 'adoption', path: '/usage/adoption' },
    { name: 'adoption-table', path: '/usage/adoption?kind=route&view=table' },
    { name: 'funnel', path: `/usage/funnel?${steps}&by=channel` },
    { name: 'funnel-table', path: `/usage/funnel?${steps}&exclude=1%3Aname%3Afiling_abandoned&view=table` },
    { name: 'funnel-empty', path: '/usage/funnel' },
    { name: 'success', path: `/usage/success?${success}` },
    { name: 'success-empty', path: '/usage/success' },
    { name: 'usage-kpi', mock: true, path: '/usage/engagement', act: makeKpi, ready: '[role=dialog] pre' },
    { name: 'sources-events', path: '/sources?signal=events&in=browser' },
    { name: 'sources-test', path: '/sources', act: sendTest, ready: '[role=dialog] pre' },
    { name: 'privacy', path: '/privacy' },
    { name: 'privacy-erase', path: '/privacy?new=erase', ready: '[role=dialog]' },
    { name: 'privacy-export', path: '/privacy?new=export', ready: '[role=dialog]' },
    { name: 'certificate', mock: true, path: '/privacy?request=3', ready: 'article' },
    { name: 'erasing', mock: true, path: '/privacy?request=4', ready: 'progress' },
  ];
}

async function makeKpi(page) {
  await page.getByRole('button', { name: 'Make this a KPI: People active per week' }).click();
}

async function sendTest(page) {
  await page.getByRole('button', { name: 'Send a test: Logs' }).click();
}
