-- build, in Lua: `make`.
local phase = ...
local data = phase.data

local command = { "make", cwd = phase.in_work_tree(data.directory), env = phase.standard_environment() }
local function add(...)
  for _, word in ipairs({ ... }) do
    command[#command + 1] = word
  end
end
if data.parallel then
  add("-j" .. phase.cores, "-Oline")
end
if data.makefile ~= phase.json.null then
  add("-f", data.makefile)
end
add("SHELL=" .. data.shell, table.unpack(data.flags))
add(table.unpack(data.targets))
phase.exec(command)
