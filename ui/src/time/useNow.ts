import { useEffect, useState } from 'react';

/** The present, floored to a step, so that what is asked of the server changes only when there can be an answer. */
export function useNow(step: number): number {
  const floor = () => Math.floor(Date.now() / step) * step;
  const [now, setNow] = useState(floor);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const next = () => {
      setNow(Math.floor(Date.now() / step) * step);
      timer = setTimeout(next, step - (Date.now() % step) + 20);
    };
    next();
    return () => clearTimeout(timer);
  }, [step]);
  return now;
}

/** The end of the present step: what is asked up to it holds everything that was published until the question. */
export function useSoon(step: number): number {
  return useNow(step) + step;
}
