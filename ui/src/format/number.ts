// Numbers on axes and in Explore. How a KPI's value reads is the server's: it sends the display of every datapoint, and for
// an axis the factor, the decimals and the unit.

const thin = '\u2009';
const minus = '\u2212';

function group(s: string): string {
  const [whole = '', rest] = s.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}

function decimalsFor(abs: number): number {
  if (Number.isInteger(abs) || abs >= 1000) return 0;
  if (abs >= 100) return 1;
  if (abs >= 1) return 2;
  if (abs >= 0.1) return 3;
  return Math.min(9, 2 - Math.floor(Math.log10(abs)));
}

/** A plain number with thousands separators and a true minus: 55230 is "55,230"; what is not finite is a dash. */
export function plain(v: number | null | undefined, digits?: number): string {
  if (v === null || v === undefined || !Number.isFinite(v)) return '—';
  const abs = Math.abs(v);
  if (digits === undefined && abs !== 0 && (abs >= 1e15 || abs < 1e-7)) return v.toExponential(3).replace('-', minus);
  const s = group(abs.toFixed(digits ?? decimalsFor(abs)));
  return v < 0 && /[1-9]/.test(s) ? minus + s : s;
}

/** How the labels of an axis are made, as the server says it: value × factor, so many decimals, then the unit. */
export type Axis = { factor: number; decimals: number; unit: string };

/** One value in the notation of an axis: 0.0084 of a percentage is "0.84 %". */
export function onAxis(v: number | null | undefined, axis: Axis): string {
  if (v === null || v === undefined || !Number.isFinite(v)) return '—';
  const s = plain(v * axis.factor, axis.decimals);
  return axis.unit === '' ? s : `${s}${thin}${axis.unit}`;
}

/** The fewest decimals with which multiples of a step stay apart and true: 2.5 needs one, 5 none. */
function decimalsOfStep(step: number): number {
  const scale = 10 ** Math.max(0, Math.ceil(-Math.log10(step)));
  for (let d = Math.round(Math.log10(scale)); d < 9; d++) {
    const n = step * 10 ** d;
    if (Math.abs(n - Math.round(n)) < 1e-6 * Math.max(1, n)) return d;
  }
  return 9;
}

/** Labels of an axis: as many decimals as the step between them needs, one notation for all. */
export function axisLabels(splits: readonly number[], axis: Axis): string[] {
  const step = splits.length > 1 ? Math.abs((splits[1] ?? 0) - (splits[0] ?? 0)) * axis.factor : 1;
  const decimals = step > 0 ? decimalsOfStep(step) : axis.decimals;
  return splits.map((v) => onAxis(v, { ...axis, decimals }));
}

/** Labels where no unit is known, as in Explore: 1.5e9 is "1.5 G". */
export function compactLabels(splits: readonly number[]): string[] {
  const size = splits.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  const [factor, unit] = size >= 1e9 ? [1e-9, 'G'] : size >= 1e6 ? [1e-6, 'M'] : size >= 1e4 ? [1e-3, 'k'] : [1, ''];
  return axisLabels(splits, { factor, unit, decimals: 2 });
}

/** A share 0 to 1 in whole percent: "89 %"; under one percent it is "under 1 %". */
export function share(v: number): string {
  if (!Number.isFinite(v)) return '—';
  if (v > 0 && v < 0.01) return `under 1${thin}%`;
  return `${plain(Math.round(v * 100))}${thin}%`;
}

/** A large count in few signs: 1204 stays "1,204", 55230000 is "55.2 M". */
export function compact(v: number): string {
  const abs = Math.abs(v);
  if (abs >= 1e9) return `${plain(v / 1e9, 1)}${thin}G`;
  if (abs >= 1e6) return `${plain(v / 1e6, 1)}${thin}M`;
  if (abs >= 1e5) return `${plain(v / 1e3, 0)}${thin}k`;
  return plain(v);
}
