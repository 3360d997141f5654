/** Charts, as the dashboard draws them: uPlot, made into one module by `deno task bundle`. */
export { default as Plot } from "uplot";
