import { useEffect, type RefObject } from 'react';

/** Tells the style of a box, as --plot-left and --plot-right, where the plot inside its chart begins and ends. */
export function usePlotEdges(ref: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const box = ref.current;
    if (!box) return;
    const look = () => {
      const plot = box.querySelector('.u-over');
      if (!plot) return;
      const outer = box.getBoundingClientRect();
      const inner = plot.getBoundingClientRect();
      const left = `${Math.round(inner.left - outer.left)}px`;
      const right = `${Math.round(outer.right - inner.right)}px`;
      if (box.style.getPropertyValue('--plot-left') !== left) box.style.setProperty('--plot-left', left);
      if (box.style.getPropertyValue('--plot-right') !== right) box.style.setProperty('--plot-right', right);
    };
    const seen = new MutationObserver(look);
    seen.observe(box, { childList: true, subtree: true, attributes: true, attributeFilter: ['style'] });
    const size = new ResizeObserver(look);
    size.observe(box);
    look();
    return () => {
      seen.disconnect();
      size.disconnect();
    };
  }, [ref]);
}
