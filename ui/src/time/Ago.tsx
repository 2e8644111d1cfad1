import { memo, useEffect, useRef } from 'react';
import { ago, exact, span } from './format';
import { useZone } from './zone';

// A board shows a thousand ages. One timer writes them all, straight into their text nodes, so that a second passing does
// not make React look at anything.

type Entry = { node: Text; at: number; how: (at: number, now: number) => string };
const entries = new Set<Entry>();
let timer: ReturnType<typeof setInterval> | undefined;

function tick(): void {
  const now = Date.now();
  for (const e of entries) {
    const text = e.how(e.at, now);
    if (e.node.data !== text) e.node.data = text;
  }
}

function watch(e: Entry): () => void {
  entries.add(e);
  timer ??= setInterval(tick, 1000);
  return () => {
    entries.delete(e);
    if (entries.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

const since = (at: number, now: number) => span(now - at);

/** "14 s ago", kept current; the exact instant is there as text for those who cannot hover. */
export const Ago = memo(function Ago({ at, bare = false }: { at: number; bare?: boolean }) {
  const zone = useZone();
  const ref = useRef<HTMLSpanElement>(null);
  const how = bare ? since : ago;
  useEffect(() => {
    const el = ref.current;
    if (!el) return;
    const node = document.createTextNode(how(at, Date.now()));
    el.replaceChildren(node);
    return watch({ node, at, how });
  }, [at, how]);
  const when = exact(at, zone);
  return (
    <time dateTime={new Date(at).toISOString()} title={when}>
      <span ref={ref} />
      <span className="vh"> ({when})</span>
    </time>
  );
});
