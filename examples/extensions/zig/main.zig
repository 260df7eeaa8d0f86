//! An extension in Zig: the interface in `schemas/extension/v1/extension.wit` by hand, no libraries.
//!
//! Texts go over the border as an address and a length in our memory. What is given to us, and what
//! we answer, lives until the caller has read the answer.

const std = @import("std");

const Place = struct { path: ?[]const u8 = null };
const Command = struct { place: Place = .{} };
const Saved = struct { text: []const u8 };
const Position = struct { line: usize, character: usize };
const Range = struct { start: Position, end: Position };
const Diagnostic = struct { range: Range, message: []const u8 };

fn load() ![]const u8 {
    return encoded(.{ .commands = .{"first-line"}, .hooks = .{"onFileSave"} });
}

fn handle(topic: []const u8, payload: []const u8) ![]const u8 {
    if (std.mem.eql(u8, topic, "onFileSave")) return onSave(try decoded(Saved, payload));
    if (std.mem.eql(u8, topic, "command:first-line")) return firstLine(try decoded(Command, payload));
    return error.NoSuchTopic;
}

/// A remark on each line that holds a TODO; columns count UTF-16, as in the protocol.
fn onSave(event: Saved) ![]const u8 {
    var found: std.ArrayList(Diagnostic) = .empty;
    var lines = std.mem.splitScalar(u8, event.text, '\n');
    var number: usize = 0;
    while (lines.next()) |line| : (number += 1) {
        const at = std.mem.indexOf(u8, line, "TODO") orelse continue;
        const column = try std.unicode.calcUtf16LeLen(line[0..at]);
        try found.append(memory(), .{
            .range = .{
                .start = .{ .line = number, .character = column },
                .end = .{ .line = number, .character = column + 4 },
            },
            .message = "Something is left to do.",
        });
    }
    return encoded(.{ .diagnostics = found.items });
}

fn firstLine(request: Command) ![]const u8 {
    const path = request.place.path orelse return encoded(.{ .message = "Open a file first." });
    const text = readFile(path) catch |refused| {
        return encoded(.{ .message = try std.fmt.allocPrint(memory(), "{s}: {t}.", .{ path, refused }) });
    };
    const end = std.mem.indexOfScalar(u8, text, '\n') orelse text.len;
    return encoded(.{ .message = text[0..end] });
}

fn decoded(comptime T: type, text: []const u8) !T {
    return std.json.parseFromSliceLeaky(T, memory(), text, .{ .ignore_unknown_fields = true });
}

fn encoded(value: anytype) ![]const u8 {
    return std.json.Stringify.valueAlloc(memory(), value, .{});
}

// --- The border --------------------------------------------------------------------------------

const Refused = error{ Denied, NotFound, Invalid, Limit, Unavailable };
const Text = extern struct { start: [*]const u8, length: usize };
const Answer = extern struct { is_error: u32, text: Text };
const FileAnswer = extern struct {
    is_error: u32,
    value: extern union { text: Text, refusal: extern struct { kind: u32, why: Text } },
};

extern "steward:extension/host@1.0.0" fn @"read-file"(
    path: [*]const u8,
    length: usize,
    answer: *FileAnswer,
) void;

fn readFile(path: []const u8) Refused![]const u8 {
    var answer: FileAnswer = undefined;
    @"read-file"(path.ptr, path.len, &answer);
    if (answer.is_error & 0xff == 0) return answer.value.text.start[0..answer.value.text.length];
    return switch (answer.value.refusal.kind & 0xff) {
        0 => error.Denied,
        1 => error.NotFound,
        2 => error.Invalid,
        3 => error.Limit,
        else => error.Unavailable,
    };
}

var arena: std.heap.ArenaAllocator = .init(std.heap.wasm_allocator);
var answer_given: Answer = undefined;

fn memory() std.mem.Allocator {
    return arena.allocator();
}

fn answered(result: anyerror![]const u8) *Answer {
    const text = result catch |why| @errorName(why);
    const is_error = if (result) |_| false else |_| true;
    answer_given = .{
        .is_error = @intFromBool(is_error),
        .text = .{ .start = text.ptr, .length = text.len },
    };
    return &answer_given;
}

export fn @"steward:extension/guest@1.0.0#load"(bundle: [*]const u8, length: usize) *Answer {
    _ = bundle[0..length];
    return answered(load());
}

export fn @"steward:extension/guest@1.0.0#handle"(
    topic: [*]const u8,
    topic_length: usize,
    payload: [*]const u8,
    payload_length: usize,
) *Answer {
    return answered(handle(topic[0..topic_length], payload[0..payload_length]));
}

/// The caller has read the answer: all that belonged to the call goes at once.
export fn @"cabi_post_steward:extension/guest@1.0.0#load"(_: *Answer) void {
    _ = arena.reset(.retain_capacity);
}

export fn @"cabi_post_steward:extension/guest@1.0.0#handle"(_: *Answer) void {
    _ = arena.reset(.retain_capacity);
}

/// Room for what is given to us. For nothing, too, the caller wants an address that it may name.
export fn cabi_realloc(old: [*]u8, old_length: usize, alignment: usize, length: usize) [*]u8 {
    if (length == 0) return @ptrFromInt(alignment);
    const given = memory().alignedAlloc(u8, .@"8", length) catch @trap();
    @memcpy(given[0..@min(old_length, length)], old[0..@min(old_length, length)]);
    return given.ptr;
}
