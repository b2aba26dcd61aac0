// Gives static/vendor/uPlot.esm.js (copied at set-up, not in git) the types of its npm package; see rootDirs in jsconfig.json.
import uPlot from 'uplot'

export default uPlot
