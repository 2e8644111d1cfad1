import { useEffect, useRef } from 'react';

/** Tabs that do not fit scroll sideways: the one that is shown is brought into sight. */
export function useTabInSight(shown: string | undefined) {
  const tabs = useRef<HTMLElement>(null);
  useEffect(() => {
    const box = tabs.current;
    const tab = box?.querySelector<HTMLElement>('[aria-current="page"]');
    if (!box || !tab) return;
    const hidden = tab.offsetLeft - box.offsetLeft + tab.offsetWidth - box.clientWidth;
    box.scrollLeft = Math.max(0, hidden);
  }, [shown]);
  return tabs;
}
