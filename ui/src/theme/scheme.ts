import { useMantineColorScheme, useComputedColorScheme } from '@mantine/core';

export const schemeKey = 'signalbox.theme';

/** The scheme in force and what switches it. The choice is remembered; before one is made the system's preference holds. */
export function useScheme(): { scheme: 'light' | 'dark'; toggle: () => void } {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  return { scheme, toggle: () => setColorScheme(scheme === 'dark' ? 'light' : 'dark') };
}

/** Reads a colour token as it is now, for canvases. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
