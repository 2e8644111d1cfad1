import { createTheme, type ButtonProps, type MantineColorsTuple } from '@mantine/core';

const accent: MantineColorsTuple = [
  '#e6edfd',
  '#cddafb',
  '#a9c1ff',
  '#7ea6ff',
  '#5a87f5',
  '#3b69e6',
  '#1d4ed8',
  '#1a45bf',
  '#173ca5',
  '#12307f',
];

/**
 * Mantine in the house's type, spacing and colour; the colours themselves are the tokens of tokens.css. Parts are named and not
 * imported, so that the first page does not load them.
 */
export const theme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  headings: { fontFamily: 'var(--font)' },
  colors: { accent },
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 3 },
  defaultRadius: 6,
  cursorType: 'pointer',
  respectReducedMotion: true,
  autoContrast: false,
  components: {
    Button: {
      vars: (_: unknown, props: ButtonProps) => ({
        root: {
          '--button-height': props.size?.startsWith('compact') ? '1.5rem' : 'var(--control-h)',
          '--button-padding-x': '0.75rem',
          '--button-fz': props.size?.startsWith('compact') ? '0.75rem' : '0.875rem',
          ...(props.variant === 'filled' ? { '--button-color': 'var(--on-accent)' } : {}),
        },
      }),
      defaultProps: { variant: 'default' },
    },
    Input: {
      vars: () => ({
        wrapper: { '--input-height': 'var(--control-h)', '--input-size': 'var(--control-h)', '--input-fz': '0.875rem' },
      }),
    },
  },
});
