import{r as e}from"./selector-C8aq1H24.js";function t(e){return(e.toLowerCase().replace(/[^a-z0-9]+/g,`-`).replace(/^-+|-+$/g,``)||`new-kpi`).slice(0,50).replace(/-+$/,``)}function n(e){return`'${e.replaceAll(`'`,`''`).replaceAll(`
`,` `)}'`}function r(e){let r=e.kind===`rate`;return`kind: KPI
name: ${t(e.name)}
title: ${n(e.title)}
description:
outcome: technical
owner:
unit: ${r?`per_second`:`percent`}
indicator:
${r?`  rate: ${n(e.of)}`:`  ratio:\n    bad: ${n(e.of)}\n    total: ${n(e.total)}`}
thresholds: ${r?`{yellow: "> 0.1", red: "> 1", for: 3}`:`{yellow: "> 1%", red: "> 3%", for: 3, min_count: 20}`}
${r?``:`objective: {target: 99.5%, window: 30d}
`}review_every: 180d
`}function i(t){let n={log:`logs`,span:`spans`,event:`events`}[t.origin]??`logs`,r=[];t.service!==``&&r.push({field:`service`,op:`=`,value:t.service}),t.route!==``&&r.push({field:`route`,op:`=`,value:t.route});let i=t.type===``?[]:[{field:`error_type`,op:`=`,value:t.type}];return{table:n,bad:e(n,[...r,...i]),total:e(n,r)}}export{i as n,t as r,r as t};