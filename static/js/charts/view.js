// @ts-check
/**
 * One moment of the page: what is known, how it is judged, and the words it is told in. Types only, nothing runs here.
 *
 * @import { Format } from '../ui/format.js'
 * @import { Translate } from '../ui/i18n.js'
 * @import { Connection } from '../model/connection.js'
 * @import { Elsewhere } from '../model/hosts.js'
 * @import { Outage } from '../model/outage.js'
 * @import { State } from '../model/state.js'
 * @import { LogGroup, Sample, Verdict } from '../model/types.js'
 * @import { Columns } from '../time/series.js'
 *
 * @typedef {object} View What every chart and every region draws from.
 * @property {State} state
 * @property {Connection} connection
 * @property {Sample | null} sample the newest of the host shown
 * @property {Verdict} verdict
 * @property {Elsewhere | null} elsewhere
 * @property {Outage | null} outage the last one of the host shown
 * @property {{missed: number} | null} pause set while the viewer holds the charts; `missed` counts the samples since then
 * @property {Columns} recent the live samples, of the last minutes at least
 * @property {readonly LogGroup[]} logs newest first
 * @property {boolean} areLogsRead whether the server has told all of them
 * @property {number} now epoch s of the store's clock
 * @property {Translate} t
 * @property {Format} format
 */

export {}
