import { MantineProvider } from '@mantine/core';
import { render, screen, waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import { Dialog } from './Dialog';

it('takes the focus even where what it was meant for cannot take it yet', async () => {
  render(
    <MantineProvider>
      <button>behind</button>
      <Dialog title="Make this a KPI" onClose={() => undefined}>
        <button disabled data-autofocus>
          Go on
        </button>
      </Dialog>
    </MantineProvider>,
  );
  const dialog = await screen.findByRole('dialog');
  await waitFor(() => expect(dialog.contains(document.activeElement)).toBe(true));
});
