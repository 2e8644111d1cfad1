import { useMantineColorScheme, useComputedColorScheme, type MantineColorScheme } from '@mantine/core';

export const schemeKey = 'signalbox.theme';

/** The scheme in force and what switches it. The choice is remembered; before one is made the system's preference holds. */
export function useScheme(): { scheme: 'light' | 'dark'; toggle: () => void } {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  return { scheme, toggle: () => setColorScheme(scheme === 'dark' ? 'light' : 'dark') };
}

/**
 * Puts the scheme in force before anything is drawn. Mantine does so after it has drawn for the first time: in the dark, people
 * would see a light page first, and their page would have to change every colour.
 */
export function beginWith(chosen: MantineColorScheme): void {
  const dark = chosen === 'dark' || (chosen === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
}

/** Reads a colour token as it is now, for canvases. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
