-- The library of phases in Lua: lua phase.lua json.lua files.lua SCRIPT PHASE.JSON
--
-- The script is called with the phase, `local phase = ...`; a table that it returns is what the phase reports. The phase has all of
-- files.lua (`phase.read(path)`), `phase.json`, what phase.json says, and:
--
--   phase.name, phase.index, package, platforms, cores, work_directory, temporary_directory, outputs, tools, libraries, data, results
--   phase.output(name)         the path of an output, `out` by default
--   phase.tool(name)           the path of a program of the tools; find_tool gives nil where there is none, find_host_program one
--                              of the libraries
--   phase.path()               the PATH of the tools
--   phase.exec{ "name", "argument"…, env =, cwd =, stdin = path, stdout = "capture" or path, stderr = "stdout", check = false }
--                              run a command; gives its exit code, or nil and a signal, and what was captured
--   phase.standard_environment()  the variables for tools: data.env on top of what is the same in every build
--   phase.in_work_tree(folder) a path below the work tree; that itself for null
--   phase.replace(path, { from = to })   replace texts in a file; each must be there
--   phase.patch_shebangs(paths, find)    have scripts name programs by the paths that `find` gives; the names it did not know
--   phase.log(text…), phase.fail(message, hint)
--
-- Data and results are as json.lua decodes them: null is `phase.json.null`.

local json = dofile(arg[1])
local files = dofile(arg[2])
local script, file = arg[3], arg[4]
local native = require("cleave")

local told = json.decode(files.read(file))
local phase = {
  json = json,
  name = told.phase.name,
  index = told.phase.index,
  package = told.package,
  platforms = told.platforms,
  cores = told.cores,
  work_directory = told.workDirectory,
  temporary_directory = told.temporaryDirectory,
  outputs = told.outputs,
  tools = told.inputs.tools,
  libraries = told.inputs.libraries,
  data = told.data,
  results = told.results,
}
for name, each in pairs(files) do
  phase[name] = each
end

local failure = {
  __tostring = function(self)
    local hint = self.hint and "\n  hint: " .. self.hint or ""
    return "error in the phase " .. phase.name .. ": " .. self.message .. hint
  end,
}

function phase.fail(message, hint)
  error(setmetatable({ message = message, hint = hint }, failure))
end

function phase.log(...)
  io.stderr:write(table.concat({ ... }, " "), "\n")
end

-- List the keys of a table in the order of their bytes.
function phase.keys(object)
  local keys = {}
  for key in pairs(object) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function list_names(object)
  local keys = phase.keys(object)
  return #keys == 0 and "none" or table.concat(keys, ", ")
end

function phase.output(name)
  name = name or "out"
  return phase.outputs[name]
    or phase.fail("the package has no output " .. name .. "; its outputs are: " .. list_names(phase.outputs))
end

-- The tool that has a little of everything: any other that has a program of the same name goes before it.
local general = "busybox"

-- List the folders with programs of inputs, in the order of their names, the general tool last.
local function program_folders(inputs)
  local folders = {}
  local function add(name)
    for _, path in ipairs(inputs[name] or {}) do
      if files.is_folder(path .. "/bin") then
        folders[#folders + 1] = path .. "/bin"
      end
    end
  end
  for _, name in ipairs(phase.keys(inputs)) do
    if name ~= general then
      add(name)
    end
  end
  add(general)
  return folders
end

-- Find a program of inputs. That of the input of the same name goes before all others.
local function find_program(name, inputs)
  for _, path in ipairs(inputs[name] or {}) do
    if files.is_file(path .. "/bin/" .. name) then
      return path .. "/bin/" .. name
    end
  end
  for _, folder in ipairs(program_folders(inputs)) do
    if files.is_file(folder .. "/" .. name) then
      return folder .. "/" .. name
    end
  end
end

function phase.find_tool(name)
  return find_program(name, phase.tools)
end

function phase.find_host_program(name)
  return find_program(name, phase.libraries)
end

function phase.tool(name)
  return phase.find_tool(name)
    or phase.fail(
      "no tool of the phase " .. phase.name .. " has a program " .. name .. "; its tools are: " .. list_names(phase.tools),
      "add the package that has it to tools"
    )
end

function phase.path()
  return table.concat(program_folders(phase.tools), ":")
end

local function quote_words(words)
  local quoted = {}
  for index, word in ipairs(words) do
    quoted[index] = word:find("^[%w_@%%+=:,./-]+$") and word or "'" .. word:gsub("'", "'\\''") .. "'"
  end
  return table.concat(quoted, " ")
end

function phase.exec(command)
  local name = command[1]
  local program = name:find("/", 1, true) and name or phase.tool(name)
  phase.log("$ " .. quote_words(command))
  local captured = command.stdout == "capture" and phase.temporary_directory .. "/.output" or nil
  local stdout = command.stdout and native.open(captured or command.stdout) or 2
  local started, pid = pcall(native.spawn, {
    program = program,
    args = { table.unpack(command, 2) },
    env = command.env or {},
    cwd = command.cwd,
    stdin = command.stdin or "/dev/null",
    stdout = stdout,
    stderr = command.stderr == "stdout" and stdout or 2,
  })
  if command.stdout then
    native.close(stdout)
  end
  if not started then
    phase.fail("cannot " .. pid)
  end
  local _, code, signal = native.wait(pid)
  local output = captured and files.read(captured)
  if captured then
    files.remove(captured)
  end
  if code ~= 0 and command.check ~= false then
    phase.fail(
      "a command of the phase "
        .. phase.name
        .. " ended "
        .. (code and "with exit code " .. code or "by signal " .. signal)
        .. "\n  command: "
        .. quote_words(command)
        .. (command.cwd and "\n  in " .. command.cwd or "")
        .. (output and "\n  it said:\n" .. output or "")
    )
  end
  return code, signal, output
end

function phase.standard_environment()
  local env = {
    PATH = phase.path(),
    SHELL = phase.data.shell,
    CONFIG_SHELL = phase.data.shell,
    HOME = "/homeless-shelter",
    LC_ALL = "C",
    TZ = "UTC",
    SOURCE_DATE_EPOCH = "315619200",
    TMPDIR = phase.temporary_directory,
  }
  for name, value in pairs(phase.data.env) do
    env[name] = value
  end
  return env
end

function phase.in_work_tree(folder)
  return folder == json.null and phase.work_directory or phase.work_directory .. "/" .. folder
end

function phase.replace(path, replacements)
  local content = files.read(path)
  for _, from in ipairs(phase.keys(replacements)) do
    local pieces, at = {}, 1
    local first, last = content:find(from, 1, true)
    if not first then
      phase.fail(path .. " does not hold " .. json.encode(from) .. ", which was to be replaced")
    end
    while first do
      pieces[#pieces + 1] = content:sub(at, first - 1)
      pieces[#pieces + 1] = replacements[from]
      at = last + 1
      first, last = content:find(from, at, true)
    end
    content = table.concat(pieces) .. content:sub(at)
  end
  files.write(path, content)
end

-- Take the program's name and what it is given from a shebang; nil where there is nothing to look for.
local function parse_shebang(line)
  local words = {}
  for word in line:gmatch("[^ \t]+") do
    words[#words + 1] = word
  end
  local path = table.remove(words, 1) or ""
  if path == "env" or path:find("/env$") then
    while words[1] and (words[1]:find("^%-") or words[1]:find("=")) do
      table.remove(words, 1)
    end
    path = table.remove(words, 1) or ""
  end
  if path ~= "" and path:sub(1, 11) ~= "/nix/store/" then
    return files.base_name(path), table.concat(words, " ")
  end
end

function phase.patch_shebangs(paths, find)
  local unknown = {}
  for _, path in ipairs(paths) do
    local line = files.read_start(path, 512):match("^#!([^\n]*)")
    local program, argument = parse_shebang(line or "")
    local found = program and find(program)
    if found then
      local content = files.read(path)
      files.overwrite(path, "#!" .. found .. (argument == "" and "" or " " .. argument) .. content:sub(3 + #line))
    elseif program then
      unknown[program] = true
    end
  end
  return phase.keys(unknown)
end

local chunk, why = loadfile(script)
if not chunk then
  phase.fail("the script does not compile: " .. why)
end
local result = chunk(phase)
if result ~= nil then
  files.write((files.parent(file) == "" and "." or files.parent(file)) .. "/result.json", json.encode(result) .. "\n")
end
