import { useId, useMemo, useState } from 'react';
import { spotAt, type Option, type Spot } from './complete';

// A search while it is typed: its text, where the caret stands, and which completion is chosen.

type State = {
  /** The search that was asked last; another one replaces what is typed. */
  seen: string;
  text: string;
  caret: number;
  focused: boolean;
  /** Whether completions may show. */
  open: boolean;
  /** The completion that the arrows reached; -1 is none. */
  at: number;
  /** Where the caret goes next; null leaves it. */
  goal: number | null;
};

export type Typing = State & { id: string; spot: Spot; change: (patch: Partial<State>) => void };

/** What is typed on top of a search that was asked. */
export function useTyping(value: string): Typing {
  const [state, setState] = useState<State>({
    seen: value,
    text: value,
    caret: value.length,
    focused: false,
    open: false,
    at: -1,
    goal: null,
  });
  if (state.seen !== value) setState({ ...state, seen: value, text: value });
  const id = useId();
  const spot = useMemo(() => spotAt(state.text, state.caret), [state.text, state.caret]);
  return { ...state, id, spot, change: (patch) => setState((old) => ({ ...old, ...patch })) };
}

/** Which completion is chosen: -1 is none, undefined that no list shows. */
export function chosenOf(t: Typing, options: readonly Option[]): number | undefined {
  if (!t.open || !t.focused || options.length === 0) return undefined;
  return Math.min(t.at, options.length - 1);
}

/** The text with a completion in it. */
export function withOption(text: string, o: Option): string {
  const rest = text.slice(o.to);
  return text.slice(0, o.from) + o.insert + (o.insert.endsWith(' ') ? rest.trimStart() : rest);
}
