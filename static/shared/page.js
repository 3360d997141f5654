import { mountSettings } from "./settings.js";

mountSettings();
