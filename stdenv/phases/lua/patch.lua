-- patch, in Lua: the changes in the source; then its scripts name the tools of this phase by their paths.
local phase = ...

-- Find which hunk of which file did not fit, in what the program wrote.
local function find_reason(output)
  local current, last = "an unknown file", "nothing was said about why"
  local failed = {}
  for line in output:gmatch("[^\n]+") do
    current = line:match("^patching file (.*)$") or current
    local hunk = line:match("[Hh]unk #?(%d+) FAILED") or line:match("[Hh]unk #?(%d+) at")
    if hunk and not line:find("succeeded", 1, true) then
      failed[#failed + 1] = "hunk " .. hunk .. " of " .. current
    end
    last = line
  end
  return #failed > 0 and table.concat(failed, ", ") or last
end

for _, patch in ipairs(phase.data.patches) do
  local code, _, output = phase.exec({
    "patch",
    "-p" .. patch.strip,
    "-N",
    "-i",
    patch.file,
    check = false,
    stdout = "capture",
    stderr = "stdout",
  })
  phase.log((output:gsub("\n$", "")))
  if code ~= 0 then
    phase.fail(
      "the patch " .. phase.store_name(patch.file) .. " does not apply: " .. find_reason(output),
      "make the patch anew against this source, or say how many folders to strip"
    )
  end
end

if phase.data.shebangs then
  local files = {}
  phase.walk(".", function(path, status)
    if status.type == "file" then
      files[#files + 1] = path
    end
  end)
  local unknown = phase.patch_shebangs(files, phase.find_tool)
  if #unknown > 0 then
    phase.log("scripts for these stay as they are, no tool has them: " .. table.concat(unknown, ", "))
  end
end
