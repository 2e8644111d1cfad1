// What a person asks first of each table.

export const usual = {
  logs: {
    facets: ['level', 'service', 'env', 'agency', 'route', 'error_type', 'name'],
    cols: ['level', 'service'],
    by: 'level',
    unit: 'lines',
    examples: ['level:>=error', 'timeout', 'service:intake -route:/health', 'error_type:*', 'duration:>2'],
    placeholder: 'Words, or field:value. Empty finds everything.',
  },
  events: {
    facets: ['name', 'route', 'service', 'status', 'env', 'agency', 'release', 'trust'],
    cols: ['name', 'route'],
    by: 'name',
    unit: 'events',
    examples: ['name:filing_submitted', 'status:error', 'route:/file', 'release:*'],
    placeholder: 'Words, or field:value. Empty finds everything.',
  },
  spans: {
    facets: ['status', 'service', 'name', 'route', 'kind', 'error_type', 'env', 'agency'],
    cols: ['status', 'service', 'name'],
    by: 'status',
    unit: 'spans',
    examples: ['status:error', 'duration:>2', 'service:intake route:/v1/filings', 'error_type:*'],
    placeholder: 'Words, or field:value, of any span of the trace. Empty finds everything.',
  },
} as const;
