#!/usr/bin/env node
import { createProgram } from './start/program.ts';

await createProgram(process.env).parseAsync();
