import type { components } from './schema';

// The words of the API as the page uses them: short names for the generated types.

type S = components['schemas'];

export type Num = S['KPIView']['value'];
export type Labels = S['KPIView']['labels'];
export type Light = S['KPIView']['light'];
export type Display = S['Display'];
export type Threshold = S['Threshold'];
export type Thresholds = S['Thresholds'];
export type Axis = S['Axis'];
export type Budget = S['Budget'];
export type Pause = S['Pause'];
export type Group = S['GroupView'];
export type View = S['KPIView'];
export type Spark = S['Spark'];
export type Day = S['Day'];
export type Tile = S['Tile'];
export type Counts = S['Counts'];
export type Happening = S['Happening'];
export type Change = S['Change'];
export type Source = S['Source'];
export type Board = S['Board'];
export type Update = S['Update'];
export type Receipt = S['Receipt'];
export type Band = S['Band'];
export type DecisionPoint = S['DecisionPoint'];
export type Decision = S['Decision'];
export type Series = S['Series'];
export type Failing = S['Failing'];
export type BurnDown = S['BurnDown'];
export type Alert = S['Alert'];
export type AlertGroup = S['AlertGroup'];
export type Matcher = S['Matcher'];
export type Silence = S['Silence'];
export type Alerts = S['AlertsBody'];
export type Status = S['StatusBody'];
export type MailHead = S['Mail'];
