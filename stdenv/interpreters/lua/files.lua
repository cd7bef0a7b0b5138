-- Files for phases in Lua. Paths are strings of bytes; relative ones start from the work directory.
--
--   read, write, append, read_start(path, length)
--   exists, status (nil where there is nothing), is_folder, is_file, list, walk(path, visit)
--   make_folder, copy, copy_tree, move, remove, symlink, read_link, set_mode, parent, base_name, store_name
--   glob(pattern)   the paths that match, ordered by bytes; the patterns are those of phases in TypeScript: `**` for any
--                   number of folders, `*`, `?`, `[a-z]`, `[!a]`, `{a,b}`, and `\` before what is to be taken as it is

local native = require("cleave")

local files = {
  status = native.lstat,
  is_folder = native.is_folder,
  is_file = native.is_file,
  list = native.list,
  read_link = native.readlink,
  set_mode = native.chmod,
}

local function fail_on(value, why)
  if not value then
    error(why, 0)
  end
  return value
end

function files.read(path)
  local file = fail_on(io.open(path, "rb"))
  local content = file:read("a")
  file:close()
  return content
end

-- Read the first bytes of a file; nothing of one that cannot be read.
function files.read_start(path, length)
  local file = io.open(path, "rb")
  local start = file and file:read(length)
  if file then
    file:close()
  end
  return start or ""
end

local function put(path, content, mode)
  files.make_folder(files.parent(path))
  local file = fail_on(io.open(path, mode))
  fail_on(file:write(content))
  fail_on(file:close())
end

-- Write a whole file, with the folders that it needs. One that is there keeps its mode.
function files.write(path, content)
  put(path, content, "wb")
end

function files.append(path, content)
  put(path, content, "ab")
end

-- Write a file's content anew, where its owner may not write it too; mode and time stay.
function files.overwrite(path, content)
  local before = native.lstat(path)
  native.chmod(path, before.mode | 128)
  files.write(path, content)
  native.chmod(path, before.mode)
  native.set_time(path, before.seconds, before.nanoseconds)
end

function files.exists(path)
  return native.lstat(path) ~= nil
end

-- The folder that a path is in; empty for a name alone.
function files.parent(path)
  return path:match("^(/)[^/]*$") or path:match("^(.*)/[^/]*$") or ""
end

function files.base_name(path)
  return path:match("([^/]*)/*$")
end

-- The last part of a store path, without its hash part.
function files.store_name(path)
  local name = files.base_name(path)
  return name:match("^" .. ("[0-9a-z]"):rep(32) .. "%-(.*)$") or name
end

-- Make a folder and those above it, where they are not there yet.
function files.make_folder(path)
  if path == "" or native.is_folder(path) then
    return
  end
  files.make_folder(files.parent(path))
  native.mkdir(path)
end

-- Call `visit(path, status)` for everything below a folder, a folder before what is in it, ordered by bytes.
function files.walk(folder, visit)
  for _, name in ipairs(native.list(folder)) do
    local path = folder == "." and name or folder .. "/" .. name
    local status = native.lstat(path)
    if status then
      visit(path, status)
      if status.type == "folder" then
        files.walk(path, visit)
      end
    end
  end
end

-- Remove a file, symlink or tree; nothing happens where there is none.
function files.remove(path)
  local status = native.lstat(path)
  if not status then
    return
  elseif status.type ~= "folder" then
    return native.unlink(path)
  end
  if status.mode & 448 ~= 448 then
    native.chmod(path, status.mode | 448)
  end
  for _, name in ipairs(native.list(path)) do
    files.remove(path .. "/" .. name)
  end
  native.rmdir(path)
end

-- Copy a file, or a symlink as it is, with its mode and the folders that it needs. What is there is replaced.
function files.copy(from, to)
  files.make_folder(files.parent(to))
  if files.exists(to) then
    native.unlink(to)
  end
  if native.lstat(from) and native.lstat(from).type == "symlink" then
    native.symlink(native.readlink(from), to)
  else
    native.copy_file(from, to)
  end
end

-- Copy a file, symlink or tree to a path that is free, with modes and times.
function files.copy_tree(from, to)
  local status = fail_on(native.lstat(from), "there is no " .. from)
  if status.type ~= "folder" then
    files.copy(from, to)
  else
    files.make_folder(to)
    for _, name in ipairs(native.list(from)) do
      files.copy_tree(from .. "/" .. name, to .. "/" .. name)
    end
    native.chmod(to, status.mode)
  end
  native.set_time(to, status.seconds, status.nanoseconds)
end

-- Move a file, symlink or tree, with the folders that it needs.
function files.move(from, to)
  files.make_folder(files.parent(to))
  native.rename(from, to)
end

function files.symlink(target, path)
  files.make_folder(files.parent(path))
  native.symlink(target, path)
end

-- Find the braces with a comma of their own that come first: what is before, the alternatives, what is behind.
local function find_group(pattern)
  local start = 1
  while start <= #pattern do
    local letter = pattern:sub(start, start)
    if letter == "\\" then
      start = start + 1
    elseif letter == "{" then
      local alternatives, depth, from, at = {}, 0, start + 1, start + 1
      while at <= #pattern do
        local inner = pattern:sub(at, at)
        if inner == "\\" then
          at = at + 1
        elseif inner == "{" then
          depth = depth + 1
        elseif inner == "," and depth == 0 then
          alternatives[#alternatives + 1] = pattern:sub(from, at - 1)
          from = at + 1
        elseif inner == "}" and depth > 0 then
          depth = depth - 1
        elseif inner == "}" then
          if #alternatives == 0 then
            break
          end
          alternatives[#alternatives + 1] = pattern:sub(from, at - 1)
          return pattern:sub(1, start - 1), alternatives, pattern:sub(at + 1)
        end
        at = at + 1
      end
    end
    start = start + 1
  end
end

local function expand_braces(pattern)
  local before, alternatives, after = find_group(pattern)
  if not before then
    return { pattern }
  end
  local result = {}
  local tails = expand_braces(after)
  for _, alternative in ipairs(alternatives) do
    for _, middle in ipairs(expand_braces(alternative)) do
      for _, tail in ipairs(tails) do
        result[#result + 1] = before .. middle .. tail
      end
    end
  end
  return result
end

-- The character at a place: a sequence of UTF-8, or a byte that is in none.
local function character(text, at)
  local sequence = text:match("^" .. utf8.charpattern, at)
  return sequence and utf8.len(sequence) and sequence or text:sub(at, at)
end

-- Read the set at `at`; gives whether it holds a character, and where it ends. Nothing where it is never closed.
local function match_set(segment, at, letter)
  at = at + 1
  local negated = segment:find("^[!^]", at) ~= nil
  if negated then
    at = at + 1
  end
  local function member()
    if segment:sub(at, at) == "\\" and at < #segment then
      at = at + 1
    end
    local each = character(segment, at)
    at = at + #each
    return each
  end
  local found, first = false, true
  while at <= #segment do
    if segment:sub(at, at) == "]" and not first then
      return found ~= negated, at
    end
    local from = member()
    local to = from
    if segment:find("^%-[^%]]", at) then
      at = at + 1
      to = member()
    end
    found = found or (from <= letter and letter <= to)
    first = false
  end
end

-- Say whether a name from `at` on matches a segment from `from` on.
local function matches(name, at, segment, from)
  while from <= #segment do
    local letter = segment:sub(from, from)
    if letter == "*" then
      for start = #name + 1, at, -1 do
        if matches(name, start, segment, from + 1) then
          return true
        end
      end
      return false
    end
    if at > #name then
      return false
    end
    local wanted = character(name, at)
    local inside, last
    if letter == "[" then
      inside, last = match_set(segment, from, wanted)
    end
    if letter == "?" then
      from = from + 1
    elseif last then
      if not inside then
        return false
      end
      from = last + 1
    else
      if letter == "\\" and from < #segment then
        from = from + 1
      end
      wanted = character(segment, from)
      if name:sub(at, at + #wanted - 1) ~= wanted then
        return false
      end
      from = from + #wanted
    end
    at = at + #wanted
  end
  return at > #name
end

local function name_matches(name, segment)
  if name:sub(1, 1) == "." and segment:find("^[*?%[]") then
    return false
  end
  return matches(name, 1, segment, 1)
end

local function collect(base, segments, index, folders, found)
  local segment = segments[index]
  local last = index == #segments
  local function join(name)
    return (base == "" or base == "/") and base .. name or base .. "/" .. name
  end
  local function names()
    local folder = base == "" and "." or base
    return native.is_folder(folder) and native.list(folder) or {}
  end
  local function take(path)
    if not last then
      if native.is_folder(path) then
        collect(path, segments, index + 1, folders, found)
      end
    elseif not folders or native.is_folder(path) then
      found[path] = true
    end
  end
  if segment == "**" then
    if not last then
      collect(base, segments, index + 1, folders, found)
    end
    for _, name in ipairs(names()) do
      if name:sub(1, 1) ~= "." then
        local path = join(name)
        local folder = native.lstat(path).type == "folder"
        if last and (folder or not folders) then
          found[path] = true
        end
        if folder then
          collect(path, segments, index, folders, found)
        end
      end
    end
  elseif segment:find("[*?%[\\]") then
    for _, name in ipairs(names()) do
      if name_matches(name, segment) then
        take(join(name))
      end
    end
  elseif files.exists(join(segment)) then
    take(join(segment))
  end
end

function files.glob(pattern)
  local found = {}
  for _, each in ipairs(expand_braces(pattern)) do
    local segments = {}
    for segment in each:gmatch("[^/]+") do
      if segment ~= "." then
        segments[#segments + 1] = segment
      end
    end
    if #segments > 0 then
      collect(each:sub(1, 1) == "/" and "/" or "", segments, 1, each:sub(-1) == "/", found)
    end
  end
  local paths = {}
  for path in pairs(found) do
    paths[#paths + 1] = path
  end
  table.sort(paths)
  return paths
end

return files
