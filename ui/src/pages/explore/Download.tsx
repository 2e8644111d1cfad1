import { Button } from '../../components/kit';
import { useState } from 'react';
import { allRows, type Asked } from '../../api/rows';
import { Icon } from '../../components/Icon';
import { plain } from '../../format/number';

/** The most lines that a file takes. */
const mostInFile = 20_000;

/** Everything that matches, as a file with one JSON object a line. */
export function Download({ asked, table }: { asked: Asked; table: 'logs' | 'events' }) {
  const [state, setState] = useState<{ busy: boolean; said: string }>({ busy: false, said: '' });
  const run = async () => {
    setState({ busy: true, said: '' });
    try {
      const { rows, more } = await allRows(table, asked, mostInFile);
      const text = rows.map((r) => JSON.stringify(r)).join('\n') + '\n';
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([text], { type: 'application/x-ndjson' }));
      link.download = `${table}-${new Date(asked.from).toISOString().slice(0, 19).replaceAll(':', '')}.jsonl`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
      setState({
        busy: false,
        said: more
          ? `The newest ${plain(rows.length)} are in the file; there are more.`
          : `${plain(rows.length)} in the file.`,
      });
    } catch (e) {
      setState({ busy: false, said: e instanceof Error ? e.message : 'The file could not be made.' });
    }
  };
  return (
    <>
      <Button loading={state.busy} onClick={() => void run()} leftSection={<Icon name="download" size={14} />}>
        JSON lines
      </Button>
      <span role="status" className="small muted">
        {state.said}
      </span>
    </>
  );
}
