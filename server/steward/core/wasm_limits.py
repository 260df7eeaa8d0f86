"""The largest of everything about extensions in their worker, as in `limits`."""

WASM_CALL_MS_MAX = 250
"""How long an extension may compute for one event, in the processor's time; what it waits for us
does not count."""
WASM_LOAD_MS_MAX = 3_000
"""How long it may compute to be loaded."""
WASM_CALL_MS_WALL = 60_000
"""The longest time that a caller may give it for one event."""
WASM_GRACE_MS = 700
"""So long after its time a worker that has not stopped it is killed; with the ticks of its clock
and the notice of its end that is less than a second."""
WASM_WALL_MORE_MS = 400
"""So much longer than its own time an extension may take where others keep the processor busy; it
must be less than the grace, or its worker would be killed."""
WASM_STARVED_MS = 2_000
"""So much longer it lives where the machine does not let it compute, so that it cannot stop."""
WASM_STARVED_LOOK_MS = 150
"""So long it is looked at before it is said whether it computes."""
WASM_TICK_MS = 5
"""How exactly an extension's time is measured."""
WASM_WAIT_S_MAX = 900.0
"""How long one question to us may take to be answered; a person may be asked meanwhile."""
WASM_MEMORY_MAX = 96 * 1024 * 1024
"""The memory of one extension, its interpreter included."""
WASM_STACK_MAX = 512 * 1024
WASM_TABLE_ELEMENTS_MAX = 100_000
WASM_INSTANCES_MAX = 64
WASM_TABLES_MAX = 64
WASM_MEMORIES_MAX = 4
WASM_HOST_CALLS_MAX = 10_000
"""Questions that an extension may put to us within one event."""
WASM_HOST_BYTES_MAX = 8 * 1024 * 1024
"""All that these say, and all that is answered."""
WASM_ANSWER_BYTES_MAX = 4 * 1024 * 1024
"""What an extension may answer to one event."""
WASM_EVENT_BYTES_MAX = 4 * 1024 * 1024
"""What it may be told in one event."""
WASM_BUNDLE_BYTES_MAX = 8 * 1024 * 1024
"""The sources and texts of one extension."""
WASM_LOG_LINES_MAX = 1_000
"""Lines that it may log within one event; the rest is left out."""
WASM_LOG_CHARS_MAX = 2_000
"""One of these lines; the rest of it is left out."""
WASM_FAULT_CHARS_MAX = 8_000
"""What is kept of an extension's own account of its error."""
WASM_RANDOM_BYTES_MAX = 64 * 1024
"""Random bytes that it may take within one event."""
WASM_COMPONENT_BYTES_MAX = 48 * 1024 * 1024
"""A WebAssembly component as it comes."""
WASM_COMPILED_BYTES_MAX = 256 * 1024 * 1024
"""The same, compiled for this machine."""
WASM_COMPILE_S_MAX = 180
"""Processor time that compiling one may take."""
WASM_COMPILE_ADDRESS_MAX = 4 * 1024**3
"""The address space of the process that compiles."""
WASM_CACHE_BYTES_MAX = 1024 * 1024 * 1024
"""All that is kept compiled; what was used least recently goes first."""
WASM_EXTENSIONS_MAX = 200
"""Extensions that run in one worker."""
WASM_WAITING_MAX = 64
"""Events that may wait for one extension; one more is refused as busy."""
WASM_WORKER_BYTES_MAX = 1536 * 1024 * 1024
"""Memory of a worker, all of its extensions together, above which it is ended."""
WASM_WORKER_DATA_MAX = 4 * 1024**3
"""Memory above which the kernel gives it no more."""
WASM_WORKER_LOOK_S = 0.5
"""How often its memory is looked at while it has something to do."""
WASM_WORKER_START_S = 20.0
"""How long a worker may take to be ready."""
WASM_WORKER_ENDS_S = 2.0
"""How long it may take to end in order."""
WASM_FRAME_BYTES_MAX = 300 * 1024 * 1024
"""One message to a worker; a compiled component is the largest."""
WASM_REPLY_BYTES_MAX = 64 * 1024 * 1024
"""One message of a worker: a question with its texts escaped is the largest."""
WASM_TROUBLE_BYTES_MAX = 8 * 1024
"""What is kept of a worker's standard error."""
