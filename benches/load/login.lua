dofile(debug.getinfo(1, "S").source:sub(2):gsub("[^/]+$", "common.lua"))
local emails
function prepare() emails = read("emails") end
function request()
  return wrk.format("POST", nil, { ["Content-Type"] = "application/json" },
    '{"email":"' .. emails[math.random(#emails)] .. '","password":"correct horse battery"}')
end
