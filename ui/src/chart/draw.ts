import uPlot from 'uplot';
import { token } from '../theme/scheme';
import type { Props } from './TimeChart';

/** Under the lines: the breached side tinted and the spans in which something was red. */
export function drawUnder(u: uPlot, p: Props): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const l of p.limits ?? []) {
    if (l.tone !== 'red') continue;
    const y = u.valToPos(l.value, 'y', true);
    ctx.fillStyle = token('red-wash');
    if (l.side === 'below') ctx.fillRect(bbox.left, y, bbox.width, bbox.top + bbox.height - y);
    else ctx.fillRect(bbox.left, bbox.top, bbox.width, y - bbox.top);
  }
  ctx.fillStyle = token('red-tint');
  for (const [a, b] of p.spans ?? []) {
    const x0 = u.valToPos(Math.max(a, p.from), 'x', true);
    const x1 = u.valToPos(Math.min(b, p.to), 'x', true);
    if (x1 > x0) ctx.fillRect(x0, bbox.top, x1 - x0, bbox.height);
  }
  ctx.restore();
}

/** Over the lines: limits with their words, flags, and the last value at the line's end. */
export function drawOver(u: uPlot, p: Props): void {
  const { ctx, bbox } = u;
  const px = uPlot.pxRatio;
  const family = getComputedStyle(document.documentElement).getPropertyValue('--font');
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.textAlign = 'left';
  for (const l of p.limits ?? []) {
    const y = u.valToPos(l.value, 'y', true);
    if (y < bbox.top - 1 || y > bbox.top + bbox.height + 1) continue;
    const tone = token(l.tone === 'red' ? 'red' : 'yellow-text');
    ctx.strokeStyle = tone;
    ctx.globalAlpha = l.tone === 'red' ? 0.9 : 0.7;
    ctx.lineWidth = px;
    ctx.setLineDash(l.tone === 'red' ? [6 * px, 4 * px] : [2 * px, 3 * px]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(right, y);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    if (l.label === '') continue;
    ctx.font = `600 ${12 * px}px ${family}`;
    ctx.fillStyle = tone;
    // The words stand on the breached side, or on the other where that has no room.
    const below = l.side === 'below';
    const fits = below ? y + 18 * px < bbox.top + bbox.height : y - 18 * px > bbox.top;
    const under = below === fits;
    ctx.textBaseline = under ? 'top' : 'bottom';
    ctx.fillText(l.label, bbox.left + 8 * px, under ? y + 5 * px : y - 5 * px);
  }
  drawStems(u, p, px);
  if (p.end) {
    const x = p.t[p.end.i];
    const v = p.lines[0]?.values[p.end.i];
    if (x !== undefined && v !== null && v !== undefined) {
      const cx = u.valToPos(x, 'x', true);
      const cy = u.valToPos(v, 'y', true);
      const tone = token(p.end.tone);
      ctx.fillStyle = tone;
      ctx.beginPath();
      ctx.arc(cx, cy, 4.5 * px, 0, 2 * Math.PI);
      ctx.fill();
      ctx.font = `600 ${12.5 * px}px ${family}`;
      const w = ctx.measureText(p.end.label).width;
      const lx = cx - w - 18 * px;
      const ly = Math.min(bbox.top + bbox.height - 10 * px, Math.max(bbox.top + 10 * px, cy));
      ctx.fillStyle = token('surface');
      ctx.globalAlpha = 0.86;
      ctx.beginPath();
      ctx.roundRect(lx - 5 * px, ly - 10 * px, w + 10 * px, 20 * px, 4 * px);
      ctx.fill();
      ctx.globalAlpha = 1;
      ctx.fillStyle = tone;
      ctx.textBaseline = 'middle';
      ctx.fillText(p.end.label, lx, ly + px);
    }
  }
  ctx.restore();
}

/** The dotted lines below the flags. */
function drawStems(u: uPlot, p: Props, px: number): void {
  const { ctx, bbox } = u;
  ctx.strokeStyle = token('ink2');
  ctx.lineWidth = px;
  ctx.setLineDash([2 * px, 3 * px]);
  for (const f of p.flags ?? []) {
    if (f.t < p.from || f.t > p.to) continue;
    const x = u.valToPos(f.t, 'x', true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top - 8 * px);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}
