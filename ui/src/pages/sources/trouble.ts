import type { Status } from '../../api/types';

// What is wrong with what the server keeps, in words for people.

export type Trouble = { title: string; said: string; todo: string };

const names: Record<string, string> = { metrics: 'metrics', kpi: 'KPI values' };
/** What the row store says of files and logs that it misses, or could not read whole. */
const damage = /\b(missing|damaged|lost|cannot be read|had when it was sealed|when it was sealed|had reached)\b/i;

/** Every trouble of the stores and of the configuration, what is lost for good first. */
export function troublesOf(status: Pick<Status, 'stores' | 'config'> | undefined): Trouble[] {
  if (!status) return [];
  const stores = status.stores
    .filter((s) => s.error !== '')
    .map((s): Trouble & { lost: boolean } => {
      const rows = !(s.name in names);
      if (rows && damage.test(s.error)) {
        return {
          lost: true,
          title: 'Stored logs, traces or events are damaged',
          said: s.error,
          todo: 'Answers leave out what is lost, and KPIs over that time rest on less. To get it back, stop the server and restore the folder “rows” of the data directory from a backup; otherwise nothing needs to be done, what still arrives is stored.',
        };
      }
      return {
        lost: false,
        title: rows ? 'No logs, traces and events are taken in' : `The store of ${names[s.name] ?? s.name} is not well`,
        said: s.error,
        todo: 'Look at the disk of the data directory: free space on it, or make it writable. Senders are told to wait and send again by themselves.',
      };
    })
    .sort((a, b) => Number(b.lost) - Number(a.lost));
  const config: Trouble[] =
    status.config.error === ''
      ? []
      : [
          {
            title: 'The changed configuration is not in force',
            said: status.config.error,
            todo: `Mend ${status.config.file}; until then the one before it holds.`,
          },
        ];
  return [...stores.map(({ title, said, todo }) => ({ title, said, todo })), ...config];
}
